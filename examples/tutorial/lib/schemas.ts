// SPDX-License-Identifier: MIT

import Joi from 'joi';
import { z } from 'zod';

// One rule, written twice: for Joi, and for Zod, which gives the type as well. Neither converts
// anything ("36" is no number) and neither accepts what it does not know.

/** What a person signs up with. */
export const signupSchema = z.strictObject({
  name: z.string().min(2).max(50),
  email: z.email().max(254),
  age: z.int().min(18).max(120).optional(),
});

/** The type of the schema, for whoever calls /api/validate/zod: see client/signup.ts. */
export type Signup = z.infer<typeof signupSchema>;

/** One fault of an input: where, as in `address.city`, and what. */
export interface Fault {
  path: string;
  message: string;
}

/** What /api/validate and /api/validate/zod answer. */
export type SignupAnswer = { message: string; data: Signup } | { error: string; details?: Fault[] };

export const signupSchemaJoi = Joi.object<Signup>({
  name: Joi.string().min(2).max(50).required(),
  // Without Joi's list of top-level domains, which ages with the version that is installed.
  email: Joi.string().email({ tlds: false }).max(254).required(),
  age: Joi.number().integer().min(18).max(120),
})
  .required()
  .label('body')
  .prefs({ abortEarly: false, convert: false, errors: { wrap: { label: false } } });

/** A note of /api/compose. */
export const noteSchema = z.strictObject({
  title: z.string().trim().min(1).max(100),
  content: z.string().max(10_000).default(''),
});
