"""How a delivery gets in: kept before it is acknowledged, on disk where need be, and read into facts."""
