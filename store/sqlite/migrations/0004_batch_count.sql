-- A batch of codes has one count for ever: each of its codes says how many there shall be.
ALTER TABLE {prefix}codes ADD COLUMN batch_count INTEGER NOT NULL DEFAULT 0 CHECK (batch_count >= 0); -- 0 is unknown
