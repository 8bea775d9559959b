-- Who is calling. Owned by plugin_server/accounts.

CREATE TABLE agent (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    helpdesk_user_id  bigint      NOT NULL UNIQUE,
    harvest_user_id   bigint UNIQUE, -- one Harvest user belongs to one agent
    name              text        NOT NULL,
    email             text        NOT NULL,
    harvest_timezone  text        NOT NULL DEFAULT 'UTC', -- Harvest's own name for it
    created_at        timestamptz NOT NULL
);

-- OAuth grants, encrypted; the keys are named by the manifest.
CREATE TABLE agent_token (
    agent_id    bigint      NOT NULL REFERENCES agent ON DELETE CASCADE,
    system      text        NOT NULL CHECK (system IN ('helpdesk', 'harvest')),
    access      bytea       NOT NULL,
    refresh     bytea       NOT NULL,
    expires_at  timestamptz NOT NULL,
    granted_at  timestamptz NOT NULL,
    broken_at   timestamptz, -- when the system refused it for good; only a new grant mends that
    PRIMARY KEY (agent_id, system)
);

-- A sign-in under way, from /oauth/start to the exchange of the one-time code. Only hashes of what must be secret.
CREATE TABLE connect_attempt (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    step           text        NOT NULL CHECK (step IN ('helpdesk', 'harvest', 'code')),
    state_hash     bytea       NOT NULL UNIQUE,
    browser_hash   bytea       NOT NULL,
    redirect_uri   text        NOT NULL,
    client_state   text        NOT NULL,
    code_challenge text        NOT NULL,
    agent_id       bigint REFERENCES agent ON DELETE CASCADE,
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL
);

CREATE TABLE session (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    agent_id   bigint      NOT NULL REFERENCES agent ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
