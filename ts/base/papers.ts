// The papers behind solvers and adjoints: ids, which values carry, and BibTeX, which only `citations` brings into a bundle.

/** BibTeX entries by their keys. */
/** A paper that odegrad knows, by first author and year. */
export type PaperId =
  | "bogacki1989"
  | "cash1990"
  | "chen2018"
  | "dormand1980"
  | "euler1768"
  | "fehlberg1969"
  | "griewank1992"
  | "griewank2000"
  | "hairer1993"
  | "heun1900"
  | "kidger2021seminorms"
  | "kidger2021sdes"
  | "kidger2021thesis"
  | "kutta1901"
  | "matsubara2021"
  | "mccallum2024"
  | "odegrad"
  | "ralston1962"
  | "runge1895"
  | "shampine1986"
  | "shmelev2025"
  | "tsitouras2011"
  | "steinebach2023"
  | "verner2010"
  | "wang2009";

export const PAPERS: Readonly<Record<PaperId, string>> = {
  bogacki1989: `@article{bogacki1989,
  author = {Bogacki, P. and Shampine, L. F.},
  title = {A 3(2) pair of {Runge}--{Kutta} formulas},
  journal = {Applied Mathematics Letters},
  volume = {2}, number = {4}, pages = {321--325}, year = {1989},
  doi = {10.1016/0893-9659(89)90079-7}
}`,
  cash1990: `@article{cash1990,
  author = {Cash, J. R. and Karp, Alan H.},
  title = {A variable order {Runge}--{Kutta} method for initial value problems with rapidly varying right-hand sides},
  journal = {ACM Transactions on Mathematical Software},
  volume = {16}, number = {3}, pages = {201--222}, year = {1990},
  doi = {10.1145/79505.79507}
}`,
  chen2018: `@inproceedings{chen2018,
  author = {Chen, Ricky T. Q. and Rubanova, Yulia and Bettencourt, Jesse and Duvenaud, David},
  title = {Neural Ordinary Differential Equations},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {31}, year = {2018}, eprint = {1806.07366}, archivePrefix = {arXiv}
}`,
  dormand1980: `@article{dormand1980,
  author = {Dormand, J. R. and Prince, P. J.},
  title = {A family of embedded {Runge}--{Kutta} formulae},
  journal = {Journal of Computational and Applied Mathematics},
  volume = {6}, number = {1}, pages = {19--26}, year = {1980},
  doi = {10.1016/0771-050X(80)90013-3}
}`,
  euler1768: `@book{euler1768,
  author = {Euler, Leonhard},
  title = {Institutionum calculi integralis},
  volume = {1}, address = {St. Petersburg}, year = {1768}
}`,
  fehlberg1969: `@techreport{fehlberg1969,
  author = {Fehlberg, Erwin},
  title = {Low-order classical {Runge}--{Kutta} formulas with stepsize control and their application to some heat
           transfer problems},
  institution = {NASA}, number = {TR R-315}, year = {1969}
}`,
  griewank1992: `@article{griewank1992,
  author = {Griewank, Andreas},
  title = {Achieving logarithmic growth of temporal and spatial complexity in reverse automatic differentiation},
  journal = {Optimization Methods and Software},
  volume = {1}, number = {1}, pages = {35--54}, year = {1992},
  doi = {10.1080/10556789208805505}
}`,
  griewank2000: `@article{griewank2000,
  author = {Griewank, Andreas and Walther, Andrea},
  title = {Algorithm 799: revolve: an implementation of checkpointing for the reverse or adjoint mode of computational
           differentiation},
  journal = {ACM Transactions on Mathematical Software},
  volume = {26}, number = {1}, pages = {19--45}, year = {2000},
  doi = {10.1145/347837.347846}
}`,
  hairer1993: `@book{hairer1993,
  author = {Hairer, Ernst and N{\\o}rsett, Syvert P. and Wanner, Gerhard},
  title = {Solving Ordinary Differential Equations {I}: Nonstiff Problems},
  edition = {2}, publisher = {Springer}, year = {1993}
}`,
  heun1900: `@article{heun1900,
  author = {Heun, Karl},
  title = {Neue {Methoden} zur approximativen {Integration} der {Differentialgleichungen} einer unabh{\\"a}ngigen
           {Ver{\\"a}nderlichen}},
  journal = {Zeitschrift f{\\"u}r Mathematik und Physik},
  volume = {45}, pages = {23--38}, year = {1900}
}`,
  kidger2021seminorms: `@inproceedings{kidger2021seminorms,
  author = {Kidger, Patrick and Chen, Ricky T. Q. and Lyons, Terry J.},
  title = {"{Hey}, that's not an {ODE}": Faster {ODE} Adjoints via Seminorms},
  booktitle = {International Conference on Machine Learning},
  year = {2021}, eprint = {2009.09457}, archivePrefix = {arXiv}
}`,
  kidger2021sdes: `@inproceedings{kidger2021sdes,
  author = {Kidger, Patrick and Foster, James and Li, Xuechen and Lyons, Terry},
  title = {Efficient and Accurate Gradients for Neural {SDEs}},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {34}, year = {2021}, eprint = {2105.13493}, archivePrefix = {arXiv}
}`,
  kidger2021thesis: `@phdthesis{kidger2021thesis,
  author = {Kidger, Patrick},
  title = {On Neural Differential Equations},
  school = {University of Oxford}, year = {2021}, eprint = {2202.02435}, archivePrefix = {arXiv}
}`,
  kutta1901: `@article{kutta1901,
  author = {Kutta, Wilhelm},
  title = {Beitrag zur n{\\"a}herungsweisen {Integration} totaler {Differentialgleichungen}},
  journal = {Zeitschrift f{\\"u}r Mathematik und Physik},
  volume = {46}, pages = {435--453}, year = {1901}
}`,
  matsubara2021: `@inproceedings{matsubara2021,
  author = {Matsubara, Takashi and Miyatake, Yuto and Yaguchi, Takaharu},
  title = {Symplectic Adjoint Method for Exact Gradient of Neural {ODE} with Minimal Memory},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {34}, year = {2021}, eprint = {2102.09750}, archivePrefix = {arXiv}
}`,
  mccallum2024: `@misc{mccallum2024,
  author = {McCallum, Sam and Foster, James},
  title = {Efficient, Accurate and Stable Gradients for Neural {ODEs}},
  year = {2024}, eprint = {2410.11648}, archivePrefix = {arXiv}
}`,
  odegrad: `@software{odegrad,
  author = {{odegrad contributors}},
  title = {odegrad: solve {ODEs} and train neural {ODEs} in {JavaScript}},
  year = {2026}
}`,
  ralston1962: `@article{ralston1962,
  author = {Ralston, Anthony},
  title = {{Runge}--{Kutta} methods with minimum error bounds},
  journal = {Mathematics of Computation},
  volume = {16}, pages = {431--437}, year = {1962}
}`,
  runge1895: `@article{runge1895,
  author = {Runge, Carl},
  title = {Ueber die numerische {Aufl{\\"o}sung} von {Differentialgleichungen}},
  journal = {Mathematische Annalen},
  volume = {46}, pages = {167--178}, year = {1895},
  doi = {10.1007/BF01446807}
}`,
  shampine1986: `@article{shampine1986,
  author = {Shampine, Lawrence F.},
  title = {Some practical {Runge}--{Kutta} formulas},
  journal = {Mathematics of Computation},
  volume = {46}, number = {173}, pages = {135--150}, year = {1986}
}`,
  shmelev2025: `@misc{shmelev2025,
  author = {Shmelev, Daniil and Salvi, Cristopher},
  title = {Explicit and Effectively Symmetric Schemes for Neural {SDEs}},
  year = {2025}, eprint = {2509.20599}, archivePrefix = {arXiv}
}`,
  steinebach2023: `@article{steinebach2023,
  author = {Steinebach, Gerd},
  title = {Construction of {Rosenbrock}--{Wanner} method {Rodas5P} and numerical benchmarks within the {Julia} {Differential}
           {Equations} package},
  journal = {BIT Numerical Mathematics},
  volume = {63}, number = {2}, pages = {27}, year = {2023},
  doi = {10.1007/s10543-023-00967-x}
}`,
  tsitouras2011: `@article{tsitouras2011,
  author = {Tsitouras, Ch.},
  title = {{Runge}--{Kutta} pairs of order 5(4) satisfying only the first column simplifying assumption},
  journal = {Computers \\& Mathematics with Applications},
  volume = {62}, number = {2}, pages = {770--775}, year = {2011},
  doi = {10.1016/j.camwa.2011.06.002}
}`,
  verner2010: `@article{verner2010,
  author = {Verner, J. H.},
  title = {Numerically optimal {Runge}--{Kutta} pairs with interpolants},
  journal = {Numerical Algorithms},
  volume = {53}, pages = {383--396}, year = {2010},
  doi = {10.1007/s11075-009-9290-3}
}`,
  wang2009: `@article{wang2009,
  author = {Wang, Qiqi and Moin, Parviz and Iaccarino, Gianluca},
  title = {Minimal repetition dynamic checkpointing algorithm for unsteady adjoint calculation},
  journal = {SIAM Journal on Scientific Computing},
  volume = {31}, number = {4}, pages = {2549--2567}, year = {2009},
  doi = {10.1137/080727890}
}`,
};

/** A paper: its id where odegrad knows it, else its BibTeX entry. */
export type Paper = PaperId | `@${string}`;
