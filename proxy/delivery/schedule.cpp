#include "proxy/delivery/schedule.hpp"

#include <algorithm>

namespace homeward::delivery {

void Schedule::put(const spool::Summary& summary) {
  remove(summary.id);
  waiting_.emplace(summary.id, summary);
  lines_[summary.account].clients[summary.client].insert(due_of(summary));
}

void Schedule::remove(const std::string& id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  const auto& summary = found->second;
  const auto line = lines_.find(summary.account);
  auto& clients = line->second.clients;
  const auto client = clients.find(summary.client);
  client->second.erase(due_of(summary));
  if (client->second.empty()) clients.erase(client);
  if (clients.empty()) lines_.erase(line);
  waiting_.erase(found);
}

std::optional<spool::Summary> Schedule::take(const std::string& account, Time now) {
  const auto line = lines_.find(account);
  if (line == lines_.end()) return std::nullopt;
  auto& [clients, last_client] = line->second;
  auto client = clients.upper_bound(last_client);
  for (std::size_t tried = 0; tried < clients.size(); ++tried, ++client) {
    if (client == clients.end()) client = clients.begin();
    const auto& [next, received, id] = *client->second.begin();
    if (next > now) continue;
    last_client = client->first;
    auto chosen = waiting_.at(id);
    remove(chosen.id);
    return chosen;
  }
  return std::nullopt;
}

std::optional<Schedule::Time> Schedule::next_due(const std::string& account) const {
  const auto line = lines_.find(account);
  if (line == lines_.end()) return std::nullopt;
  std::optional<Time> earliest;
  for (const auto& [client, due] : line->second.clients) {
    const auto next = std::get<0>(*due.begin());
    if (!earliest || next < *earliest) earliest = next;
  }
  return earliest;
}

void Schedule::hurry_all(Time now) {
  for (const auto& account : accounts()) hurry(account, now);
}

void Schedule::hurry(const std::string& account, Time now) {
  std::vector<std::string> late;
  for (const auto& [id, summary] : waiting_) {
    if (summary.account == account) late.push_back(id);
  }
  for (const auto& id : late) hurry_one(id, now);
}

const spool::Summary* Schedule::find(const std::string& id) const {
  const auto found = waiting_.find(id);
  return found == waiting_.end() ? nullptr : &found->second;
}

void Schedule::hurry_one(const std::string& id, Time now) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end() || found->second.next <= now) return;
  auto summary = found->second;
  summary.next = now;
  put(summary);
}

std::size_t Schedule::waiting(const std::string& account) const {
  const auto line = lines_.find(account);
  if (line == lines_.end()) return 0;
  std::size_t count = 0;
  for (const auto& [client, due] : line->second.clients) count += due.size();
  return count;
}

std::vector<std::string> Schedule::accounts() const {
  std::vector<std::string> names;
  names.reserve(lines_.size());
  for (const auto& [name, line] : lines_) names.push_back(name);
  return names;
}

std::vector<std::string> Schedule::older_than(const std::string& account, Time limit) const {
  std::vector<std::pair<Time, std::string>> found;
  const auto line = lines_.find(account);
  if (line == lines_.end()) return {};
  for (const auto& [client, due] : line->second.clients) {
    for (const auto& [next, received, id] : due) {
      if (received <= limit) found.emplace_back(received, id);
    }
  }
  std::ranges::sort(found);
  std::vector<std::string> ids;
  ids.reserve(found.size());
  for (auto& [received, id] : found) ids.push_back(std::move(id));
  return ids;
}

}  // namespace homeward::delivery
