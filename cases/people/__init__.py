"""Who acts: accounts, machines' keys, the audit trail."""
