// The files of a sandbox: nobody else reads them, nothing of anybody else's is written over, a Maildir shows
// whole messages alone, and homeward can read the configuration that is written for it.
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "conf/loader.hpp"
#include "proxy/app/sandbox/certificates.hpp"
#include "proxy/app/sandbox/folder.hpp"
#include "proxy/app/sandbox/home_server.hpp"
#include "proxy/app/sandbox/maildir.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/conf/scratch_folder.hpp"

namespace homeward::app::sandbox {
namespace {

namespace fs = std::filesystem;

using Scratch = test::ScratchFolder;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

unsigned mode_of(const fs::path& path) {
  struct stat facts{};
  REQUIRE(stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 0777U;
}

TEST_CASE("sandbox: a temporary folder goes, a named one stays") {
  fs::path temporary;
  {
    const auto folder = Folder::open({});
    REQUIRE(folder);
    temporary = folder->root();
    CHECK(folder->is_temporary());
    CHECK(mode_of(temporary) == 0700);
  }
  CHECK_FALSE(fs::exists(temporary));

  const Scratch scratch;
  const auto named = scratch.path() / "box";
  CHECK(Folder::open(named));
  CHECK(mode_of(named) == 0700);
  CHECK(Folder::open(named));  // again: it knows its own
}

TEST_CASE("sandbox: a folder with other people's files is left alone") {
  const Scratch scratch;
  std::ofstream(scratch.path() / "password") << "precious";
  const auto folder = Folder::open(scratch.path());
  REQUIRE_FALSE(folder);
  CHECK(folder.error().reply.text.find("not a sandbox's") != std::string::npos);
  CHECK(read(scratch.path() / "password") == "precious");
}

TEST_CASE("sandbox: a path that the configuration can't hold is refused at once") {
  const Scratch scratch;
  CHECK_FALSE(Folder::open(scratch.path() / std::string(Folder::kMaxPath, 'x')));
  CHECK_FALSE(Folder::open(scratch.path() / "a\nb"));
}

TEST_CASE("sandbox: a private file is private, even in place of one that is not") {
  const Scratch scratch;
  const auto path = scratch.path() / "file";
  std::ofstream(path) << "old and longer";
  fs::permissions(path, fs::perms::all);
  const auto other = scratch.path() / "other";
  REQUIRE(write_private(path, "new"));
  CHECK(mode_of(path) == 0600);
  CHECK(read(path) == "new");
  fs::create_symlink(path, other);
  REQUIRE(write_private(other, "not through a link"));
  CHECK(read(path) == "new");
}

TEST_CASE("sandbox: homeward reads the configuration that is written for it") {
  const Scratch scratch;
  const auto folder = Folder::open(scratch.path() / "a \"b\" ;c\\d");
  REQUIRE(folder);
  REQUIRE(
      write_private(folder->config(), homeward_config(*folder, {2525, 587, 465, "ann@isp.example", "ann"})));
  REQUIRE(write_private(folder->authority(), "-"));
  REQUIRE(write_private(folder->password(), "secret\n"));
  const auto config = conf::load(folder->config());
  if (!config) FAIL(config.error().front().to_string());
  REQUIRE((*config)->accounts.size() == 1);
  const auto& account = (*config)->accounts.front();
  CHECK(account.tls_ca == folder->authority());
  CHECK(std::get<conf::PasswordFile>(account.password).path == folder->password());
  REQUIRE(account.servers.size() == 2);
  CHECK(account.servers[0].port == 465);
  CHECK(account.servers[1].form == conf::Server::Form::submission);
}

TEST_CASE("sandbox: a Maildir shows whole messages, with LF as line end") {
  const Scratch scratch;
  const auto maildir = Maildir::open(scratch.path() / "Maildir");
  REQUIRE(maildir);
  {
    auto lost = maildir->begin();
    REQUIRE(lost);
    REQUIRE(lost->append("half a mess"));
    CHECK(maildir->messages().empty());
  }
  CHECK(fs::is_empty(scratch.path() / "Maildir" / "tmp"));

  auto file = maildir->begin();
  REQUIRE(file);
  REQUIRE(file->append("Subject: x\r\n\r"));
  REQUIRE(file->append("\nBody\r\n"));
  const auto path = file->commit();
  REQUIRE(path);
  CHECK(maildir->messages() == std::vector{*path});
  CHECK(read(*path) == "Subject: x\n\nBody\n");
  CHECK(mode_of(*path) == 0600);
  CHECK(fs::is_empty(scratch.path() / "Maildir" / "tmp"));
}

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate parse(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free_all);
  return {PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr), &X509_free};
}

TEST_CASE("sandbox: the server's certificate is good for its names, and by its own CA alone") {
  const std::string names[] = {"localhost", "submission.isp.example"};
  const auto made = make_certificates(names);
  const auto other = make_certificates(names);
  REQUIRE(made);
  REQUIRE(other);
  const auto server = parse(made->server);
  const auto authority = parse(made->authority);
  const auto stranger = parse(other->authority);
  REQUIRE((server && authority && stranger));
  CHECK(X509_check_host(server.get(), "localhost", 0, 0, nullptr) == 1);
  CHECK(X509_check_host(server.get(), "submission.isp.example", 0, 0, nullptr) == 1);
  CHECK(X509_check_host(server.get(), "isp.example", 0, 0, nullptr) == 0);
  CHECK(X509_check_ip_asc(server.get(), "127.0.0.1", 0) == 1);
  CHECK(X509_check_ip_asc(server.get(), "::1", 0) == 1);
  CHECK(X509_check_purpose(server.get(), X509_PURPOSE_SSL_SERVER, 0) == 1);
  CHECK(X509_check_ca(server.get()) == 0);
  CHECK(X509_check_ca(authority.get()) == 1);
  CHECK(X509_verify(server.get(), X509_get0_pubkey(authority.get())) == 1);
  CHECK(X509_verify(server.get(), X509_get0_pubkey(stranger.get())) != 1);
}

TEST_CASE("sandbox: it is never bound beyond loopback") {
  auto home = Home::make("ann", "ann@isp.example", Secret("x"));
  REQUIRE(home);
  const Scratch scratch;
  HomeServerSettings settings;
  settings.address = IpAddress();
  settings.maildir = scratch.path() / "Maildir";
  const auto server = HomeServer::start(std::move(*home), settings);
  REQUIRE_FALSE(server);
  CHECK(server.error().reply.text.find("loopback alone") != std::string::npos);
}

}  // namespace
}  // namespace homeward::app::sandbox
