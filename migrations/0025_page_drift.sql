-- What browsers tell of a helpdesk's page that is not as the extension expects it: counts by day, of nobody and no ticket.
-- Kept for a month. Owned by plugin_server/drift.

CREATE TABLE page_drift (
    day       date        NOT NULL,
    site      text        NOT NULL, -- the kind of helpdesk
    part      text        NOT NULL, -- the part's name in the site's declaration
    expected  text        NOT NULL, -- how often it should stand there: 1, or 1-50
    found     integer     NOT NULL,
    extension text        NOT NULL, -- the extension's version
    reports   integer     NOT NULL,
    first_at  timestamptz NOT NULL,
    last_at   timestamptz NOT NULL,
    PRIMARY KEY (day, site, part, expected, found, extension)
);
