-- What the check of the whole chain last found, for the dashboard. Owned by plugin_server/check.

CREATE TABLE check_result (
    name       text        NOT NULL, -- the row's, as docs/check.md explains it
    place      integer     NOT NULL, -- a row may tell several things
    state      text        NOT NULL CHECK (state IN ('ok', 'warn', 'fail', 'skipped')),
    words      text        NOT NULL,
    todo       text        NOT NULL,
    since      timestamptz NOT NULL, -- of a failure: when it was first found
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (name, place)
);
