-- What the signatures that a document came with were found to be worth at upload (pdf.Standing); empty: not a document, or never verified.
ALTER TABLE engine_files ADD COLUMN standing TEXT NOT NULL DEFAULT '';
