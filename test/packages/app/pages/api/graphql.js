// SPDX-License-Identifier: MIT

import { createSchema, createYoga } from 'graphql-yoga';

export const config = { api: { bodyParser: false } };

export default createYoga({
  graphqlEndpoint: '/api/graphql',
  logging: false,
  schema: createSchema({
    typeDefs:
      'type Query { hello(name: String!): String! } type Subscription { count(to: Int!): Int! }',
    resolvers: {
      Query: { hello: (_, { name }) => `Hello ${name}` },
      Subscription: {
        count: {
          async *subscribe(_, { to }) {
            for (let count = 1; count <= to; count++) yield { count };
          },
        },
      },
    },
  }),
});
