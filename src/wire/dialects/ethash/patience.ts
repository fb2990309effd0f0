/**
 * For `jobPatienceMs` of the miner dialects: ethminer and its descendants (kawpowminer, firominer) leave after 180 s without a job ("No new work received in 180 seconds",
 * `--work-timeout`). Any job counts, the one that they have too [ethereum-mining/ethminer libpoolprotocols/stratum/EthStratumClient.cpp, `m_current_timestamp`]; but with it their
 * CUDA search begins anew at the same nonce [libethcore/Farm.cpp `setWork`, libethash-cuda/CUDAMiner.cpp `workLoop`].
 */
export const ETHMINER_JOB_PATIENCE_MS = 150_000;
