-- Running timers in the mirror, and the notation of an account's times. Owned by plugin_server/mirror.

ALTER TABLE time_entry
    ADD COLUMN timer_started_at timestamptz,       -- null: not running
    ADD COLUMN banked_hours integer NOT NULL DEFAULT 0; -- hundredths, without the part that is running
UPDATE time_entry SET banked_hours = hours WHERE NOT is_running;
CREATE INDEX time_entry_running ON time_entry (user_id) WHERE is_running;

ALTER TABLE harvest_company ADD COLUMN clock text NOT NULL DEFAULT '24h';
