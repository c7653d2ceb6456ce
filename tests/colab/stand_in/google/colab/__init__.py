"""Stands in for ``google.colab``, by whose presence the notebooks know that they run on Colab.

There is no ``google/__init__.py`` beside this folder on purpose: ``google`` is a namespace
package, which this one shares with ``google.protobuf``, and so with TensorFlow.
"""


def __getattr__(name: str):
    raise AttributeError(
        f"tests/colab/stand_in has no google.colab.{name}: a notebook that uses it needs one there"
    )
