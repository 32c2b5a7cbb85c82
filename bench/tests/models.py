# SPDX-License-Identifier: MIT
"""Checksums of blob-builder and image-writer, computed without building anything: a run of words that counts up from a
stamp adds to Fletcher's sums what two formulas say. For the tests, and from the command line: models.py [SCALE]."""

import sys

MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        return z ^ z >> 31

    def below(self, limit):
        return self.next() % limit


class Sums:
    """first += word, second += first, for each word."""

    def __init__(self):
        self.first = self.second = 0

    def count_up(self, stamp, words):
        """As if word by word: stamp, stamp + 1, ... stamp + words - 1."""
        self.second += words * self.first + stamp * (words * (words + 1) // 2) + (words - 1) * words * (words + 1) // 6
        self.first += words * stamp + words * (words - 1) // 2
        self.first &= MASK
        self.second &= MASK


def blob_builder(seed=42, passes=500):
    random, sums = SplitMix64(seed), Sums()
    for _ in range(passes):
        for _ in range(2000 + random.below(18001)):
            words = 1 + random.below(512)
            sums.count_up(random.next(), words)
    return sums.second


def image_writer(seed=42, images=16, image_bytes=128 << 20):
    random, sums = SplitMix64(seed), Sums()
    for _ in range(images):
        left = image_bytes // 8
        while left > 0:
            words = min(512 * (1 + random.below(256)), left)
            sums.count_up(random.next(), words)
            left -= words
    return sums.second


if __name__ == "__main__":
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    print("blob-builder %d" % blob_builder(passes=max(1, int(500 * scale))))
    print("image-writer %d" % image_writer(images=max(1, int(16 * scale))))
