"""Spherical k-means, 20 iterations from the first k rows, on the mixture both sides read: seconds each."""
import faiss
import numpy
import torch
from sklearn.cluster import KMeans

from measure import arguments, check, time_it

ITERATIONS = 20


def torch_kmeans(rows, k, block=4096):
    """Vectorised: products of 4,096 rows, sums by index_add_."""
    centroids = rows[:k].clone()
    for _ in range(ITERATIONS):
        labels = torch.cat([(part @ centroids.T).argmax(1) for part in rows.split(block)])
        sums = torch.zeros_like(centroids).index_add_(0, labels, rows)
        centroids = torch.nn.functional.normalize(sums, dim=1)
    return centroids


def faiss_kmeans(rows, k):
    model = faiss.Kmeans(rows.shape[1], k, niter=ITERATIONS, spherical=True, min_points_per_centroid=1,
                         max_points_per_centroid=len(rows))
    model.train(rows, init_centroids=rows[:k])
    return model.centroids


def mean_cosine(rows, centroids):
    return (rows @ centroids.T).max(1).mean()


def main():
    options = arguments()
    for n, d, k in ((5000, 256, 500),) if options.quick else ((5000, 256, 500), (20000, 1024, 2000)):
        rows, work = numpy.load(f"{options.exchange}/mixture-{n}.npy"), f"k-means, {n // 1000}k x {d}, k {k}"
        tensor = torch.from_numpy(rows)
        time_it(work, "torch, vectorised", lambda: torch_kmeans(tensor, k), 1, 5, 2 if options.quick else 6)
        time_it(work, "faiss Kmeans(spherical)", lambda: faiss_kmeans(rows, k), 1, 5, 2 if options.quick else 6)
        # Euclidean means and an early stop: another objective, less work.
        time_it(work, "scikit-learn lloyd",
                lambda: KMeans(k, init=rows[:k], n_init=1, max_iter=ITERATIONS, algorithm="lloyd").fit(rows), 1, 5, 2 if options.quick else 6)
        check(f"mean cosine, {work}", "torch", mean_cosine(rows, torch_kmeans(tensor, k).numpy()))
        check(f"mean cosine, {work}", "faiss", mean_cosine(rows, faiss_kmeans(rows, k)))


if __name__ == "__main__":
    main()
