-- What came of the calls of the platform, which have a page of their own: a list for each outcome.
CREATE INDEX audit_by_call ON audit_events (outcome) WHERE action >= 'platform.' AND action < 'platform/' AND outcome <> 'intent';
