// SPDX-License-Identifier: MIT

import { type Db, MongoClient } from 'mongodb';
import { dataFile } from './data-folder';
import { startMongoStandIn } from './mongo-stand-in/server';

// On globalThis, so that a change to this file in `capra dev` or `next dev` does not connect anew.
const kept = globalThis as typeof globalThis & { mongoClient?: Promise<MongoClient> };

/**
 * The client and its database, connected once for this process. MONGODB_URI names the server, and
 * the database in it; without it a stand-in is started.
 *
 * @example
 * const { db } = await connectToDatabase();
 * const posts = await db.collection('posts').find().toArray();
 */
export async function connectToDatabase(): Promise<{ client: MongoClient; db: Db }> {
  kept.mongoClient ??= connect().catch((error) => {
    // A server that is not there now may be there for the next request.
    kept.mongoClient = undefined;
    throw error;
  });
  const client = await kept.mongoClient;
  return { client, db: client.db() };
}

async function connect(): Promise<MongoClient> {
  const uri = process.env.MONGODB_URI || (await startStandIn());
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5000 });
  return client.connect();
}

async function startStandIn(): Promise<string> {
  const address = await startMongoStandIn(dataFile('mongo.sqlite'));
  const uri = `mongodb://${address}/tutorial`;
  console.warn(
    `MongoDB: MONGODB_URI is not set, so this is a stand-in, not MongoDB. It speaks the wire protocol at ${uri} and keeps its documents in mongo.sqlite in the data folder.`,
  );
  return uri;
}
