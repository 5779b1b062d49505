"""Whether: facts, decision, reasons. Knows nothing of identity's flows, the ledger or delivery."""
