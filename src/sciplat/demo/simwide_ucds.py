"""UCDs of Rubin's columns, where the schema itself gives none (UCD1+ controlled vocabulary 1.5)."""

from __future__ import annotations

from sciplat.demo.field import BANDS

__all__ = ["given_ucd"]

_COLOURS = {
    "u": "em.opt.U",
    "g": "em.opt.B",
    "r": "em.opt.R",
    "i": "em.opt.I",
    "z": "em.opt.I",
    "y": "em.opt.I",
}

_UCDS = {
    "tract": "meta.id.part",
    "patch": "meta.id.part",
    "band": "meta.id;instr.bandpass",
    "refBand": "meta.id;instr.bandpass",
    "physical_filter": "meta.id;instr.filter",
    "x": "pos.cartesian.x;instr.det",
    "y": "pos.cartesian.y;instr.det",
    "xErr": "stat.error;pos.cartesian.x;instr.det",
    "yErr": "stat.error;pos.cartesian.y;instr.det",
    "extendedness": "src.class.starGalaxy",
    "sizeExtendedness": "src.class.starGalaxy",
    "refExtendedness": "src.class.starGalaxy",
    "refSizeExtendedness": "src.class.starGalaxy",
    "ebv": "phot.color.excess",
    "inputCount": "meta.number;obs",
    "psfFlux": "phot.flux.density",
    "psfFluxErr": "stat.error;phot.flux.density",
    "psfDiffFlux": "phot.flux.density;arith.diff",
    "psfDiffFluxErr": "stat.error;phot.flux.density;arith.diff",
    "scienceFlux": "phot.flux.density",
    "scienceFluxErr": "stat.error;phot.flux.density",
    "cModelFlux": "phot.flux.density",
    "cModelFluxErr": "stat.error;phot.flux.density",
    "psfMag": "phot.mag",
    "psfMagErr": "stat.error;phot.mag",
    "cModelMag": "phot.mag",
    "cModelMagErr": "stat.error;phot.mag",
    "psfFluxNdata": "meta.number;obs",
    "psfFluxMean": "phot.flux.density;stat.mean",
    "psfFluxMeanErr": "stat.error;phot.flux.density;stat.mean",
    "psfFluxSigma": "stat.stdev;phot.flux.density",
    "psfFluxMin": "phot.flux.density;stat.min",
    "psfFluxMax": "phot.flux.density;stat.max",
    "psfFluxChi2": "stat.fit.chi2",
    "scienceFluxMean": "phot.flux.density;stat.mean",
    "scienceFluxMeanErr": "stat.error;phot.flux.density;stat.mean",
    "scienceFluxSigma": "stat.stdev;phot.flux.density",
    "skyRotation": "pos.posAng",
    "azimuth": "pos.az.azi",
    "altitude": "pos.az.alt",
    "zenithDistance": "pos.az.zd",
    "airmass": "obs.airMass",
    "expTime": "time.duration;obs.exposure",
    "expMidpt": "time.epoch;obs.exposure",
    "obsStart": "time.start;obs.exposure",
    "pixelScale": "instr.scale",
    "psfSigma": "instr.det.psf",
    "seeing": "instr.obsty.seeing",
    "magLim": "phot.mag;stat.min",
    "midpointMjdTai": "time.epoch;obs.exposure",
    "radecMjdTai": "time.epoch",
    "snr": "stat.snr",
    "nDiaSources": "meta.number;obs",
    "xSize": "meta.number;instr.pixel",
    "ySize": "meta.number;instr.pixel",
    "ccdVisitId": "meta.id;obs.image;meta.main",
    "diaObjectId": "meta.id;src",
    "diaSourceId": "meta.id;src;meta.main",
    "ssObjectId": "meta.id.assoc;src",
    "detector": "meta.id;instr.det",
    **dict.fromkeys(("shape_xx", "shape_yy", "shape_xy", "ixx", "iyy", "ixy"), "src.morph.param"),
    **dict.fromkeys(("ixxPSF", "iyyPSF", "ixyPSF"), "instr.det.psf"),
    **{
        f"{corner}{axis}": f"pos.eq.{axis}"
        for corner in ("llc", "ulc", "urc", "lrc")
        for axis in ("ra", "dec")
    },
}


def given_ucd(name: str) -> str | None:
    """Return the UCD of a column, with the part of the spectrum for one of a single band."""
    band, _, rest = name.partition("_")
    # A column may be called just y.
    if band not in BANDS or not rest:
        return _UCDS.get(name)
    ucd = _UCDS.get(rest)
    if ucd is None or "phot." not in ucd:
        return ucd
    words = ucd.split(";")
    # The words of the spectrum come right after those of photometry.
    place = next(number for number, word in enumerate(words) if word.startswith("phot.")) + 1
    return ";".join([*words[:place], _COLOURS[band], *words[place:]])
