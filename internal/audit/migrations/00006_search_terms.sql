-- Every word of the search index with the event and the place that it stands for: what the index says, to be held against the events. It
-- is a view of the index and holds nothing.
CREATE VIRTUAL TABLE audit_search_terms USING fts5vocab(audit_search, instance);
