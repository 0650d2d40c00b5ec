"""What happened: deliveries, batches, acceptances, scores, snapshots."""
