-- outside a transaction
-- When the webhook last called is asked for by who watches; old deliveries are removed by the same order.
-- Owned by plugin_server/tickets.
CREATE INDEX CONCURRENTLY webhook_delivery_taken ON webhook_delivery (taken_at);
