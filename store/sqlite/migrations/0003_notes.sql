-- Which edit of a note is stored: of two edits of one version the second is refused.

ALTER TABLE {prefix}notes ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0);
