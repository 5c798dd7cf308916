// SPDX-License-Identifier: MIT

import type { Rule } from './app.ts';
import { bodyReadTwice } from './rules/body-read-twice.ts';
import { clientSentAddress } from './rules/client-sent-address.ts';
import { composeWrappers } from './rules/compose-wrappers.ts';
import { decoratorMetadata } from './rules/decorator-metadata.ts';
import { joiValidateAwaited } from './rules/joi-validate-awaited.ts';
import { maxDuration } from './rules/max-duration.ts';
import { mongoUnboundDb } from './rules/mongo-unbound-db.ts';
import { needsNext } from './rules/needs-next.ts';
import { nextConfigKey } from './rules/next-config-key.ts';
import { nextModule } from './rules/next-module.ts';
import { noAnswer } from './rules/no-answer.ts';
import { noHandler } from './rules/no-handler.ts';
import { prismaAdapter } from './rules/prisma-adapter.ts';
import { appRouter, instrumentationFile } from './rules/project-files.ts';
import { publicUpload, uploadFolderMissing } from './rules/public-upload.ts';
import { revalidate } from './rules/revalidate.ts';
import { serverListener } from './rules/server-listener.ts';
import { undefinedName } from './rules/undefined-name.ts';
import { unsetSecret } from './rules/unset-secret.ts';
import { webhookParsedBody } from './rules/webhook-parsed-body.ts';
import { workerState } from './rules/worker-state.ts';

/** All that `capra check` looks for, beside what a build would refuse. */
export const RULES: Rule[] = [
  appRouter,
  instrumentationFile,
  decoratorMetadata,
  nextConfigKey,
  nextModule,
  needsNext,
  noHandler,
  undefinedName,
  webhookParsedBody,
  bodyReadTwice,
  clientSentAddress,
  workerState,
  serverListener,
  noAnswer,
  joiValidateAwaited,
  composeWrappers,
  mongoUnboundDb,
  prismaAdapter,
  publicUpload,
  uploadFolderMissing,
  unsetSecret,
  revalidate,
  maxDuration,
];
