"""What x is: feature distributions, one file each."""

from tegum.distributions.anticorrelated import Anticorrelated as Anticorrelated
from tegum.distributions.base import Block as Block
from tegum.distributions.base import Distribution as Distribution
from tegum.distributions.copula import Copula as Copula
from tegum.distributions.correlated import Correlated as Correlated
from tegum.distributions.custom import Custom as Custom
from tegum.distributions.groups import Groups as Groups
from tegum.distributions.hidden_activations import Activations as Activations
from tegum.distributions.hierarchy import Hierarchy as Hierarchy
from tegum.distributions.independent import Independent as Independent
from tegum.distributions.laws import Constant as Constant
from tegum.distributions.laws import Discrete as Discrete
from tegum.distributions.laws import HalfNormal as HalfNormal
from tegum.distributions.laws import Law as Law
from tegum.distributions.laws import Normal as Normal
from tegum.distributions.laws import Uniform as Uniform
from tegum.distributions.mixture import Mixture as Mixture
from tegum.distributions.samples import Samples as Samples
