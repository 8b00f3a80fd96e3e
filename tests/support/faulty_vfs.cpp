// The shim: SQLite's structures of functions, each of which asks the plan and passes on. sqlite.org/vfs.html.
#include "tests/support/faulty_vfs.hpp"

#include <sqlite3.h>

#include <atomic>
#include <new>
#include <stdexcept>

namespace homeward::test {
namespace {

/// An open file: SQLite's part comes first, the real file lies behind ours.
struct ShimFile {
  sqlite3_file base;
  FaultPlan* plan;
  const char* kind;
  sqlite3_file* real;
};

ShimFile* shim(sqlite3_file* file) {
  return reinterpret_cast<ShimFile*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
  return shim(file)->real;
}

/// Ok, or what the fault is to SQLite.
int ask(FaultPlan& plan, const std::string& name, int when_it_fails) {
  const auto fault = plan.step(name);
  if (!fault) return SQLITE_OK;
  if (*fault == DiskFault::enospc && when_it_fails == SQLITE_IOERR_WRITE) return SQLITE_FULL;
  if (*fault == DiskFault::readonly && when_it_fails == SQLITE_IOERR_WRITE) return SQLITE_READONLY;
  return when_it_fails;
}
int ask(sqlite3_file* file, const char* what, int when_it_fails) {
  return ask(*shim(file)->plan, std::string(shim(file)->kind) + "." + what, when_it_fails);
}

int shim_close(sqlite3_file* file) {
  return real(file)->pMethods == nullptr ? SQLITE_OK : real(file)->pMethods->xClose(real(file));
}
int shim_read(sqlite3_file* file, void* into, int size, sqlite3_int64 at) {
  return real(file)->pMethods->xRead(real(file), into, size, at);
}
int shim_write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  if (const int fault = ask(file, "write", SQLITE_IOERR_WRITE)) return fault;
  return real(file)->pMethods->xWrite(real(file), from, size, at);
}
int shim_truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int fault = ask(file, "truncate", SQLITE_IOERR_TRUNCATE)) return fault;
  return real(file)->pMethods->xTruncate(real(file), size);
}
int shim_sync(sqlite3_file* file, int flags) {
  if (const int fault = ask(file, "sync", SQLITE_IOERR_FSYNC)) return fault;
  return real(file)->pMethods->xSync(real(file), flags);
}
int shim_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int shim_lock(sqlite3_file* file, int lock) {
  return real(file)->pMethods->xLock(real(file), lock);
}
int shim_unlock(sqlite3_file* file, int lock) {
  return real(file)->pMethods->xUnlock(real(file), lock);
}
int shim_check_lock(sqlite3_file* file, int* answer) {
  return real(file)->pMethods->xCheckReservedLock(real(file), answer);
}
int shim_control(sqlite3_file* file, int what, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), what, argument);
}
int shim_sector(sqlite3_file* file) {
  return real(file)->pMethods->xSectorSize(real(file));
}
int shim_traits(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int shim_shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** into) {
  if (const int fault = ask(*shim(file)->plan, "shm.map", SQLITE_IOERR_SHMMAP)) return fault;
  return real(file)->pMethods->xShmMap(real(file), page, size, extend, into);
}
int shim_shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  if (const int fault = ask(*shim(file)->plan, "shm.lock", SQLITE_IOERR_SHMLOCK)) return fault;
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
void shim_shm_barrier(sqlite3_file* file) {
  real(file)->pMethods->xShmBarrier(real(file));
}
int shim_shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}
int shim_fetch(sqlite3_file* file, sqlite3_int64 at, int size, void** into) {
  return real(file)->pMethods->xFetch(real(file), at, size, into);
}
int shim_unfetch(sqlite3_file* file, sqlite3_int64 at, void* page) {
  return real(file)->pMethods->xUnfetch(real(file), at, page);
}

const sqlite3_io_methods kMethods{
    3,           shim_close,   shim_read,     shim_write,       shim_truncate,  shim_sync,
    shim_size,   shim_lock,    shim_unlock,   shim_check_lock,  shim_control,   shim_sector,
    shim_traits, shim_shm_map, shim_shm_lock, shim_shm_barrier, shim_shm_unmap, shim_fetch,
    shim_unfetch};

const char* kind_of(int flags) {
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) return "db";
  if ((flags & SQLITE_OPEN_WAL) != 0) return "wal";
  if ((flags & SQLITE_OPEN_MAIN_JOURNAL) != 0) return "journal";
  return "temporary";
}

}  // namespace

struct FaultyVfs::Inside {
  std::shared_ptr<FaultPlan> plan;  // shared with FaultyFiles
  std::string name;
  sqlite3_vfs* under = nullptr;
  sqlite3_vfs shim{};

  static Inside& of(sqlite3_vfs* vfs) { return *static_cast<Inside*>(vfs->pAppData); }
};

namespace {

template <class Inside>
int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto& inside = Inside::of(vfs);
  auto* behind = reinterpret_cast<char*>(file) + sizeof(ShimFile);
  auto* opened = new (file)
      ShimFile{{nullptr}, inside.plan.get(), kind_of(flags), reinterpret_cast<sqlite3_file*>(behind)};
  opened->real->pMethods = nullptr;
  if (const int fault = ask(*inside.plan, "open", SQLITE_CANTOPEN)) return fault;
  const int code = inside.under->xOpen(inside.under, name, opened->real, flags, out_flags);
  if (opened->real->pMethods != nullptr) opened->base.pMethods = &kMethods;
  return code;
}

template <class Inside>
int delete_file(sqlite3_vfs* vfs, const char* name, int sync) {
  auto& inside = Inside::of(vfs);
  if (const int fault = ask(*inside.plan, "delete", SQLITE_IOERR_DELETE)) return fault;
  return inside.under->xDelete(inside.under, name, sync);
}

template <class Inside>
int access_file(sqlite3_vfs* vfs, const char* name, int flags, int* answer) {
  return Inside::of(vfs).under->xAccess(Inside::of(vfs).under, name, flags, answer);
}

template <class Inside>
int full_name(sqlite3_vfs* vfs, const char* name, int size, char* into) {
  return Inside::of(vfs).under->xFullPathname(Inside::of(vfs).under, name, size, into);
}

}  // namespace

FaultyVfs::FaultyVfs(std::shared_ptr<FaultPlan> plan) : inside_(std::make_unique<Inside>()) {
  static std::atomic<int> number{0};
  inside_->plan = std::move(plan);
  inside_->name = "homeward-faulty-" + std::to_string(++number);
  inside_->under = sqlite3_vfs_find(nullptr);
  if (inside_->under == nullptr) throw std::runtime_error("no VFS to stand over");
  auto& shim = inside_->shim;
  shim = *inside_->under;  // what isn't ours asks nothing of its own file structure
  shim.szOsFile = static_cast<int>(sizeof(ShimFile)) + inside_->under->szOsFile;
  shim.pNext = nullptr;
  shim.zName = inside_->name.c_str();
  shim.pAppData = inside_.get();
  shim.xOpen = open_file<Inside>;
  shim.xDelete = delete_file<Inside>;
  shim.xAccess = access_file<Inside>;
  shim.xFullPathname = full_name<Inside>;
  if (sqlite3_vfs_register(&shim, 0) != SQLITE_OK) throw std::runtime_error("the VFS can't be registered");
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&inside_->shim);
}

const std::string& FaultyVfs::name() const {
  return inside_->name;
}

}  // namespace homeward::test
