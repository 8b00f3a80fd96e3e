// What every delivery needs of the house.
#pragma once

#include "proxy/delivery/sender_repairs.hpp"
#include "proxy/net/supervisor.hpp"
#include "proxy/spool/spool.hpp"
#include "proxy/upstream/pool.hpp"

namespace homeward::delivery {

class Runner;

/// Outlives them all.
struct Services {
  upstream::Pool& pool;
  spool::Spool& spool;
  Runner& runner;
  SenderRepairs& repairs;
  net::Supervisor& supervisor;  ///< of what outlives a session's wait
};

}  // namespace homeward::delivery
