// SPDX-License-Identifier: MIT

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { BadRequest } from './errors';
import type { Fault } from './schemas';

/**
 * What `schema` makes of `input`, or BadRequest with every fault. The faults name what is wrong and
 * never repeat the input, which may be a password.
 *
 * @example
 * const signup = await validate(signupSchema, req.body);
 */
export async function validate<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  input: unknown,
): Promise<Output> {
  // Awaited: a schema may need to ask somebody, and then it answers with a promise.
  const result = await schema['~standard'].validate(input);
  if (!result.issues) return result.value;
  throw new BadRequest('Validation failed', { details: result.issues.map(describe) });
}

function describe({ path = [], message }: StandardSchemaV1.Issue): Fault {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return { path: keys.join('.'), message };
}
