-- The tables of schema.prisma in SQLite, with a few rows; run at the first request, and harmless
-- when they are there already.
CREATE TABLE IF NOT EXISTS "User" (
  "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  "name" TEXT,
  "email" TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS "User_email_key" ON "User" ("email");
CREATE TABLE IF NOT EXISTS "Post" (
  "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  "title" TEXT NOT NULL,
  "content" TEXT,
  "published" BOOLEAN NOT NULL DEFAULT false,
  "authorId" INTEGER NOT NULL
    REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT OR IGNORE INTO "User" ("id", "name", "email") VALUES
  (1, 'Ada Lovelace', 'ada@example.com'),
  (2, 'Alan Turing', 'alan@example.com');
INSERT OR IGNORE INTO "Post" ("id", "title", "content", "published", "authorId") VALUES
  (1, 'Notes on the Analytical Engine', 'It might act upon other things besides number.', true, 1),
  (2, 'On Bernoulli numbers', NULL, false, 1);
