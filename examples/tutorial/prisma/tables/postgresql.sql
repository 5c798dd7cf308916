-- The tables of schema.prisma in PostgreSQL; run at the first request, and harmless when they are
-- there already. The lock is for two workers that start at the same time.
SELECT pg_advisory_xact_lock(7203114);
CREATE TABLE IF NOT EXISTS "User" (
  "id" SERIAL PRIMARY KEY,
  "name" TEXT,
  "email" TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS "User_email_key" ON "User" ("email");
CREATE TABLE IF NOT EXISTS "Post" (
  "id" SERIAL PRIMARY KEY,
  "title" TEXT NOT NULL,
  "content" TEXT,
  "published" BOOLEAN NOT NULL DEFAULT false,
  "authorId" INTEGER NOT NULL
    CONSTRAINT "Post_authorId_fkey" REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
