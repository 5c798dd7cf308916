-- psql "$DATABASE_URL" -f schema.sql
CREATE TABLE IF NOT EXISTS books (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title  text NOT NULL,
    author text NOT NULL,
    year   integer NOT NULL,
    UNIQUE (title, author)
);
CREATE INDEX IF NOT EXISTS books_author ON books (author);
