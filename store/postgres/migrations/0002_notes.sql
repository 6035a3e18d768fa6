-- Which edit of a note is stored: of two edits of one version the second is refused.

ALTER TABLE {schema}{prefix}notes ADD COLUMN version BIGINT NOT NULL DEFAULT 1 CHECK (version > 0);
