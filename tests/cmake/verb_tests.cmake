# The tests that also run over the Thrust backend: on its OpenMP system (test_thrust), and on CUDA by nvcc (test_cuda).
set(verb_tests backend/attention backend/column_products backend/copy backend/cross_entropy backend/dense backend/device_bf16
               backend/eigenvalues backend/groups backend/nearest backend/pointwise backend/rows cluster/resident_clusters
               projection/kronecker projection/rademacher projection/sparse_sign)
