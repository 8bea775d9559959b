-- A session is a short access token and a refresh token that is replaced at each use. Owned by plugin_server/accounts.
-- Sign-ins from before have no refresh token and end here; what their agents granted stays.
DELETE FROM session;

ALTER TABLE session
    ADD COLUMN family_hash  bytea   NOT NULL UNIQUE,     -- the part that all of a session's refresh tokens have in common
    ADD COLUMN refresh_hash bytea   NOT NULL,            -- the other part, of the token in use
    ADD COLUMN generation   integer NOT NULL DEFAULT 0,  -- how many tokens were in use before it
    ADD COLUMN next_hash    bytea,                       -- of the token handed out in its place and not used yet
    ADD COLUMN next_salt    bytea,                       -- with which that one is derived, to hand out the same again
    ADD CHECK ((next_hash IS NULL) = (next_salt IS NULL));
