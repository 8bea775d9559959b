-- Signing in to the dashboard with a plain browser. Owned by plugin_server/accounts.

-- A session is an opaque token in a cookie; what is kept is its hash.
CREATE TABLE web_session (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    agent_id   bigint      NOT NULL REFERENCES agent ON DELETE CASCADE,
    token_hash bytea       NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    used_at    timestamptz NOT NULL, -- not at every request: what the sliding end is counted from
    expires_at timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL  -- however much it is used
);
CREATE INDEX web_session_agent ON web_session (agent_id);

-- A sign-in under way, from the dashboard to the helpdesk and back. Only hashes of what must be secret.
CREATE TABLE web_attempt (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    state_hash   bytea       NOT NULL UNIQUE,
    browser_hash bytea       NOT NULL,
    return_to    text        NOT NULL,
    expires_at   timestamptz NOT NULL
);
