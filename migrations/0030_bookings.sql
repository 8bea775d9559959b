-- Time entries in the helpdesk's own time accounting. Owned by plugin_server/bookings.

-- Tickets whose time entries may have changed since they were last booked; a row is taken away when they are.
CREATE TABLE booking_due (
    ticket_id   bigint PRIMARY KEY,
    since       timestamptz NOT NULL,                     -- changes with every mark, so that none is lost meanwhile
    next_try_at timestamptz NOT NULL DEFAULT '-infinity',
    attempts    integer     NOT NULL DEFAULT 0,
    problem     text
);

-- What stands in the helpdesk for an entry.
CREATE TABLE booking (
    entry_id      bigint PRIMARY KEY,
    ticket_id     bigint        NOT NULL,
    accounting_id bigint UNIQUE,                          -- the helpdesk's; null: the call that makes it is out
    units         numeric(6, 2) NOT NULL,                 -- in the helpdesk's unit
    called_at     timestamptz   NOT NULL
);
CREATE INDEX booking_ticket ON booking (ticket_id);

CREATE FUNCTION note_booking_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO booking_due (ticket_id, since) VALUES (NEW.ticket_id, clock_timestamp())
    ON CONFLICT (ticket_id) DO UPDATE SET since = clock_timestamp(), next_try_at = '-infinity';
    RETURN NULL;
END $$;
-- safe because versions without bookings only see that a mark takes a moment longer
CREATE TRIGGER dirty_ticket_is_to_book AFTER INSERT OR UPDATE ON dirty_ticket
    FOR EACH ROW EXECUTE FUNCTION note_booking_due();

INSERT INTO booking_due (ticket_id, since) SELECT DISTINCT ticket_id, now() FROM attribution WHERE ticket_id IS NOT NULL;
