"""The exact engine: expected losses and their gradients without sampling."""
