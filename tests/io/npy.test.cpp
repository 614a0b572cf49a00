#include <prismatic/io/npy.hpp>

#include "support/catch.hpp"
#include "support/numeric.hpp"
#include "support/temporary_directory.hpp"

using namespace prismatic;

namespace {

std::string file_of(std::string_view header, std::string_view data, char version = 1) {
  std::string out = std::string("\x93NUMPY", 6) + version + '\0';
  const std::uint32_t length = static_cast<std::uint32_t>(header.size());
  out.append(reinterpret_cast<const char*>(&length), version == 1 ? 2 : 4);
  return out.append(header).append(data);
}

const std::string eight_floats(32, '\0');

}  // namespace

TEMPLATE_TEST_CASE("npy: matrices come back to the bit", "[io][npy]", float, double) {
  const test::temporary_directory directory;
  const std::string path = directory / "a.npy";
  const auto [rows, cols] = GENERATE(table<index_t, index_t>({{1, 1}, {7, 5}, {0, 3}, {3, 0}, {64, 17}}));
  const matrix<TestType> a = test::gaussian<TestType>(rows, cols, "npy");
  write_npy(path, a);
  const matrix<TestType> back = read_npy<TestType>(path);
  CHECK(back.rows() == rows);
  CHECK(back.cols() == cols);
  CHECK(test::largest_difference(back, test::widened(a)) == 0.0);
  if (rows > 3 && cols > 3) {
    write_npy(path, a.view().middle_cols(1, 2));
    CHECK(read_npy<TestType>(path)(3, 1) == a(3, 2));
    CHECK(read_npy<double>(path)(3, 1) == static_cast<double>(a(3, 2)));
  }
}

TEST_CASE("npy: the header is the one NumPy writes", "[io][npy]") {
  const std::string expected = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }";
  const std::string header = npy_header(dtype::f32, std::array<index_t, 2>{3, 4});
  CHECK(header.size() == 128);
  CHECK(header.substr(0, 10) == std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  CHECK(header.substr(10, expected.size()) == expected);
  CHECK(header.back() == '\n');
  CHECK(npy_header(dtype::f64, std::array<index_t, 1>{3}).find("'shape': (3,), }") != std::string::npos);
  CHECK(npy_header(dtype::f64, std::span<const index_t>{}).find("'shape': (), }") != std::string::npos);
  CHECK_THROWS_AS(npy_header(dtype::bf16, std::array<index_t, 1>{3}), option_error);
}

TEST_CASE("npy: headers of other writers are read", "[io][npy]") {
  const test::temporary_directory directory;
  const auto read = [&](std::string_view header, char version = 1) {
    return read_npy<float>(directory.write("a", file_of(header, eight_floats, version))).rows();
  };
  CHECK(read("{'shape': (2, 4), 'fortran_order': False, 'descr': '<f4'}\n") == 2);
  CHECK(read("{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(4,2,),}") == 4);
  CHECK(read("{'descr': '<f4', 'fortran_order': True, 'shape': (8, 1), }  \n") == 8);
  CHECK(read("{'descr': '<f8', 'fortran_order': False, 'shape': (4, 1), }  \n", 2) == 4);
  CHECK(read("{'descr': '<f2', 'fortran_order': False, 'shape': (16, 1), }  \n", 3) == 16);
}

TEST_CASE("npy: headers that lie are refused", "[io][npy]") {
  const test::temporary_directory directory;
  const auto refused = [&](std::string_view header, std::string_view why, char version = 1) {
    CAPTURE(header);
    const std::string path = directory.write("a", file_of(header, eight_floats, version));
    CHECK_THROWS_AS(read_npy<float>(path), data_error);
    CHECK_THROWS_WITH(read_npy<float>(path), Catch::StartsWith(path) && Catch::Contains(std::string(why)));
  };
  refused("", "header");
  refused("{}", "too few keys");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4)", "'}'");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), } x", "text behind");
  refused("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 4), }", "little-endian");
  refused("{'descr': '|O', 'fortran_order': False, 'shape': (2, 4), }", "\"|O\"");
  refused("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 4), }", "header");
  refused("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 4), }", "fortran_order");
  refused("{'descr': '<f4', 'fortran_order': 1, 'shape': (2, 4), }", "True or False");
  refused("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }", "once each");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (8,), }", "two dimensions");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 5), }",
          "32 bytes, expected the bytes of F32 (2, 5)");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", "32 bytes");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -4), }", "a size");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808, 0), }", "63 bits");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", "the bytes of");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2305843009213693952, 4), }", "the bytes of");
  refused("{'descr': '<i4', 'fortran_order': False, 'shape': (2, 4), }", "found I32");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }", "version: found 9", 9);
}

TEST_CASE("npy: a file cut at any byte, or with one more, is refused", "[io][npy]") {
  const test::temporary_directory directory;
  write_npy(directory / "a", test::gaussian<float>(3, 2, "npy"));
  const std::string whole = test::contents(directory / "a");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(read_npy<float>(directory.write("b", whole.substr(0, size))), data_error);
  }
  CHECK_THROWS_AS(read_npy<float>(directory.write("b", whole + '\0')), data_error);
}

TEST_CASE("npy: flipped header bits are refused or harmless", "[io][npy]") {
  const test::temporary_directory directory;
  write_npy(directory / "a", test::gaussian<float>(3, 2, "npy"));
  const std::string whole = test::contents(directory / "a");
  int refused = 0;
  for (std::size_t bit = 0; bit < 128 * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    try {
      const index_t elements = read_npy<float>(directory.write("b", damaged)).size();
      CHECK(elements <= 6);
    } catch (const data_error&) {
      ++refused;
    }
  }
  CHECK(refused > 900);
}
