-- What two or more active feeds of one dataset say of the same keys, and whose row is
-- in staging.
{{ reconciliation() }}
