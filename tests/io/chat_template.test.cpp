#include <prismatic/io/chat_template.hpp>

#include <prismatic/io/atomic_file.hpp>

#include "golden/golden.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

using namespace prismatic;
using Catch::Matchers::Contains;

namespace {

const std::string qwen_system = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";

const std::string math_system = "Please reason step by step, and put your final answer within \\boxed{}.";

std::string source_of(const std::string& name) { return test::golden_template(name); }

std::string edited(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// A directory of its own for one test.
class checkpoint {
 public:
  explicit checkpoint(const std::string& name)
      : path_((std::filesystem::temp_directory_path() / ("prismatic-chat-template-" + name)).string()) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~checkpoint() { std::filesystem::remove_all(path_); }
  void write(const std::string& file, std::string_view text) const { write_file(path_ + "/" + file, text); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("the templates of known checkpoints are recognised", "[io][chat_template]") {
  struct known {
    const char* name;
    chat_format format;
    std::string default_system = {};
  };
  for (const known& each :
       {known{"qwen2", chat_format::chatml, "You are a helpful assistant."}, known{"qwen2.5", chat_format::qwen2_5, qwen_system},
        known{"qwen2.5-math", chat_format::qwen2_5, math_system}, known{"qwen3", chat_format::qwen3},
        known{"qwen3-first", chat_format::qwen3}, known{"qwen3-instruct", chat_format::qwen3_instruct},
        known{"qwen3-thinking", chat_format::qwen3_thinking}, known{"llama3", chat_format::llama3},
        known{"llama3.1", chat_format::llama3_1}, known{"llama3.2", chat_format::llama3_1}, known{"chatml", chat_format::chatml}}) {
    const std::string source = source_of(each.name);
    CAPTURE(each.name, content_hash(template_outline(source).text()));
    const auto found = recognised_template(source);
    REQUIRE(found);
    CHECK(found->format == each.format);
    CHECK(found->default_system == each.default_system);
  }
}

TEST_CASE("layout does not matter, behaviour does", "[io][chat_template]") {
  const std::string source = source_of("qwen2.5");
  CHECK(recognised_template(edited(source, "{%- if tools %}", "{#- a comment #}\n\n{%-   if tools   %}")));
  CHECK(recognised_template(edited(source, "message.role == \"user\"", "message['role'] == 'user'")));
  CHECK(recognised_template(source + "\n"));
  CHECK_FALSE(recognised_template(edited(source, "<|im_end|>' + '\\n'", "<|im_end|>'")));
  CHECK_FALSE(recognised_template(edited(source, "message.role == \"user\"", "message.role == \"human\"")));
  CHECK_FALSE(
      recognised_template(edited(source, "{%- for message in messages %}", "{% for message in messages %}")));
  CHECK_FALSE(
      recognised_template(edited(source, "{%- for message in messages %}", "x{%- for message in messages %}")));
  CHECK_FALSE(recognised_template(edited(source_of("llama3"), "| trim", "")));
  CHECK_FALSE(recognised_template(""));
  CHECK_FALSE(recognised_template("{{ unclosed"));
  CHECK_FALSE(recognised_template("{"));
}

TEST_CASE("the default system turn is the checkpoint's own", "[io][chat_template]") {
  std::string source = source_of("qwen2.5");
  for (std::size_t at = source.find(qwen_system); at != std::string::npos; at = source.find(qwen_system))
    source.replace(at, qwen_system.size(), R"(Put it within \\boxed{}.)");
  const auto found = recognised_template(source);
  REQUIRE(found);
  CHECK(found->default_system == R"(Put it within \boxed{}.)");
}

TEST_CASE("no damage to a template does harm", "[io][chat_template]") {
  const std::string source = source_of("llama3.2");
  for (std::size_t size = 0; size + 2 < source.size(); size += 5)
    CHECK_FALSE(recognised_template(std::string_view(source).substr(0, size)));
}

TEST_CASE("a checkpoint's template is found where it may be", "[io][chat_template]") {
  const checkpoint dir("places");
  CHECK_THROWS_WITH(load_chat_template(dir.path()), Contains("found nothing") && Contains("--template"));
  dir.write("tokenizer_config.json", json{{"chat_template", source_of("qwen2.5")}}.dump());
  CHECK(load_chat_template(dir.path()).format == chat_format::qwen2_5);
  CHECK(load_chat_template(dir.path()).bos.empty());
  const json list = {{{"name", "tool_use"}, {"template", "x"}},
                     {{"name", "default"}, {"template", source_of("llama3")}}};
  dir.write("tokenizer_config.json", json{{"chat_template", list}, {"bos_token", {{"content", "<s>"}}}}.dump());
  CHECK(load_chat_template(dir.path()).format == chat_format::llama3);
  CHECK(load_chat_template(dir.path()).bos == "<s>");
  dir.write("chat_template.jinja", source_of("qwen3"));  // takes precedence
  CHECK(load_chat_template(dir.path()).format == chat_format::qwen3);
  dir.write("chat_template.jinja", "{{ messages }}");
  CHECK_THROWS_AS(load_chat_template(dir.path()), model_error);
  CHECK_THROWS_WITH(load_chat_template(dir.path()),
                    Contains("found an unknown template") && Contains("--template"));
  CHECK(load_chat_template(dir.path(), "chatml").format == chat_format::chatml);
  dir.write("tokenizer_config.json", "{\"chat_template\": 7}");
  std::filesystem::remove(dir.path() + "/chat_template.jinja");
  CHECK_THROWS_AS(load_chat_template(dir.path()), data_error);
  dir.write("tokenizer_config.json", "{");
  CHECK_THROWS_AS(load_chat_template(dir.path()), data_error);
}

TEST_CASE("templates have names, and hashes that tell them apart", "[io][chat_template]") {
  std::set<std::string> hashes;
  for (const std::string_view name : chat_format_names) {
    CHECK(name_of(named_template(name).format) == name);
    hashes.insert(template_hash(named_template(name)));
  }
  // Qwen3 and its thinking variant write a finished conversation alike; Qwen3-2507's instruct variant is ChatML then.
  CHECK(hashes.size() == chat_format_names.size() - 2);
  CHECK(template_hash(named_template("llama3.1"), {.date = "01 Jan 2030"}) !=
        template_hash(named_template("llama3.1")));
  CHECK(template_hash(named_template("none")) == content_hash("probereply"));
  CHECK_THROWS_WITH(named_template("gemma"), "template: found \"gemma\", expected none, chatml, qwen2.5, qwen3, "
                                             "qwen3-instruct, qwen3-thinking, llama3 or llama3.1");
}
