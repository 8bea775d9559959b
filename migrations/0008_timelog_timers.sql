-- A log may record a timer instead of hours typed by hand. Owned by plugin_server/timelog.

ALTER TABLE log
    ADD COLUMN timer_id uuid,
    ADD COLUMN typed_hours integer, -- hundredths: the person's correction of what the timer measured
    DROP CONSTRAINT log_hours_check,
    ADD CONSTRAINT log_hours_check CHECK (hours > 0 OR timer_id IS NOT NULL);
