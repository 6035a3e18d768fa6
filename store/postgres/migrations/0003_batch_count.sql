-- A batch of codes has one count for ever: each of its codes says how many there shall be.
ALTER TABLE {schema}{prefix}codes ADD COLUMN batch_count BIGINT NOT NULL DEFAULT 0 CHECK (batch_count >= 0); -- 0 is unknown
