"""Which loss a model is taught by, chosen by the size of the catalogue where the settings leave it open."""

from recommender.losses import Loss, full_softmax, gbce
from recommender.sampled_softmax import NEGATIVES, SampledSoftmax
from recommender.sequences import Known
from recommender.settings import LossName

FULL_SOFTMAX_ITEMS = 50_000  # above, a step over all items takes many times what the rest of it does


def chosen_loss(name: LossName, n_items: int) -> LossName:
    """Return the loss; of ``auto``, the one for so many items."""
    if name != "auto":
        return name
    return "full" if n_items <= FULL_SOFTMAX_ITEMS else "sampled"


def samples(name: LossName, n_items: int) -> bool:
    """Tell whether a step touches some items only."""
    return chosen_loss(name, n_items) != "full"


def loss_for(name: LossName, n_items: int, known: Known) -> Loss:
    """Return what computes the loss; ``known`` is what is learned from."""
    chosen = chosen_loss(name, n_items)
    if chosen == "sampled":
        return SampledSoftmax(known.items, n_items)
    return full_softmax if chosen == "full" else gbce


def words(name: LossName, n_items: int) -> str:
    """Say which loss is taken and why, in one sentence."""
    told = {
        "full": f"each next item against all {n_items:,} items (full softmax)",
        "sampled": f"each next item against {NEGATIVES:,} sampled of {n_items:,} items (softmax with logQ correction)",
        "gbce": f"each next item against {NEGATIVES:,} sampled of {n_items:,} items (gBCE)",
    }[chosen_loss(name, n_items)]
    if name != "auto":
        return f"The loss is {told}, as `loss` in [sasrec] says."
    size = "more than" if samples(name, n_items) else "no more than"
    return f"The loss is {told}: there are {size} {FULL_SOFTMAX_ITEMS:,}."
