// SPDX-License-Identifier: MIT

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyNode, CallExpression, NewExpression } from 'acorn';
import { type App, moduleRule } from '../app.ts';
import { propertyOf } from '../ast.ts';
import { type Module, problemAt } from '../module.ts';
import { isCallOf } from '../origin.ts';
import { staticPath } from '../static-path.ts';

const FILES = ['fs', 'fs/promises', 'fs-extra'];
const promised = (names: string[]) =>
  names.flatMap((name) => [name, `${name}Sync`, `promises.${name}`]);
/** By the argument that names what is written. */
const WRITERS: [names: string[], argument: number][] = [
  [[...promised(['writeFile', 'appendFile']), 'createWriteStream', 'outputFile'], 0],
  [promised(['rename', 'copyFile', 'move', 'copy']), 1],
];
const MAKERS = [...promised(['mkdir']), 'ensureDir', 'ensureDirSync', 'mkdirp'];

/** Uploads among the files that everybody may fetch. */
export const publicUpload = moduleRule('public-upload', function* (module, app) {
  for (const node of module.nodes) {
    const path = writtenBy(app, module, node);
    const text = path && staticPath(app, module, path).text;
    if (!path || !text || !/^public(?:\/|$)/.test(text)) continue;
    yield problemAt(module, path, {
      severity: 'warning',
      text: `Files are written below \`public/\` (${text}).`,
      why: 'Anybody may fetch them, as what their sender says they are, a page with a script too. And they go when a new version is deployed in place of this folder.',
      hint: 'Write them to a folder outside of the project or to an object store, and serve them by a route that knows who may read them.',
    });
  }
});

/** Uploads to a folder that nobody makes: formidable answers before it has noticed, and the file is lost. */
export const uploadFolderMissing = moduleRule('upload-folder-missing', function* (module, app) {
  for (const node of module.nodes) {
    const path = isCall(node) ? uploadFolderOf(app, module, node) : undefined;
    if (!path) continue;
    const { text, isWhole } = staticPath(app, module, path);
    if (!text || !isWhole || text.startsWith('/') || existsSync(join(app.root, text))) continue;
    if (isMade(app, text)) continue;
    yield problemAt(module, path, {
      severity: 'warning',
      text: `The folder \`${text}\` is not there, and nothing makes it.`,
      why: 'A small upload is answered with success before the failed write is noticed, and its file is lost.',
      hint: `Make it before the upload is parsed: fs.mkdirSync('${text}', { recursive: true });`,
    });
  }
});

function isCall(node: AnyNode): node is CallExpression | NewExpression {
  return node.type === 'CallExpression' || node.type === 'NewExpression';
}

function writtenBy(app: App, module: Module, node: AnyNode): AnyNode | undefined {
  if (!isCall(node)) return undefined;
  for (const [names, argument] of WRITERS)
    if (isCallOf(app, module, node, FILES, names)) return node.arguments[argument];
  return uploadFolderOf(app, module, node);
}

/** The folder that an upload is told to go to. */
function uploadFolderOf(
  app: App,
  module: Module,
  node: CallExpression | NewExpression,
): AnyNode | undefined {
  const options = node.arguments[0] as AnyNode | undefined;
  if (isCallOf(app, module, node, ['formidable'], ['default', 'formidable', 'IncomingForm']))
    return propertyOf(options, 'uploadDir');
  if (isCallOf(app, module, node, ['multer'], ['default'])) return propertyOf(options, 'dest');
  return isCallOf(app, module, node, ['multer'], ['diskStorage'])
    ? propertyOf(options, 'destination')
    : undefined;
}

function isMade(app: App, folder: string): boolean {
  return [...app.modules.values()].some((module) =>
    module.nodes.some(
      (node) =>
        node.type === 'CallExpression' &&
        node.arguments[0] &&
        isCallOf(app, module, node, [...FILES, 'mkdirp'], [...MAKERS, 'default']) &&
        `${staticPath(app, module, node.arguments[0]).text}/`.startsWith(`${folder}/`),
    ),
  );
}
