// SPDX-License-Identifier: MIT

import { database } from './database';

export interface Post {
  userId: number;
  id: number;
  title: string;
  content: string;
}

export function findPost(userId: number, id: number): Post | undefined {
  return database()
    .prepare('SELECT userId, id, title, content FROM posts WHERE userId = ? AND id = ?')
    .get(userId, id) as never;
}
