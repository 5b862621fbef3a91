"""What x is: feature distributions, one file each."""

from tegum.distributions.anticorrelated import Anticorrelated
from tegum.distributions.base import Block, Distribution
from tegum.distributions.correlated import Correlated
from tegum.distributions.groups import Groups
from tegum.distributions.independent import Independent

__all__ = ["Anticorrelated", "Block", "Correlated", "Distribution", "Groups", "Independent"]
