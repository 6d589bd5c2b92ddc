-- Who somebody is at the OpenID Connect provider. An account has at most one such identity, and an identity one account.
CREATE TABLE account_identities (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    issuer     TEXT NOT NULL,
    subject    BLOB NOT NULL UNIQUE,                      -- a blind index of issuer and subject: keyed by the vault
    created_at INTEGER NOT NULL
);
