"""Every way a run can go: enumerated up to a bound (`explorer`), or drawn by hypothesis (`understudy.strategies`)."""
