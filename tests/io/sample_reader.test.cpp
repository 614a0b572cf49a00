#include <prismatic/io/sample_reader.hpp>

#include "support/catch.hpp"

using namespace prismatic;

namespace {

constexpr json_place place{.file = "d.jsonl", .line = 3};

recognised_sample read(std::string_view raw, const schema_options& options = {}) {
  return read_sample(raw, place, options);
}

// role|content|role|content, the whole conversation in one line
std::string turns(std::string_view raw, const schema_options& options = {}) {
  std::string out;
  for (const message& each : read(raw, options).value.messages)
    out += (out.empty() ? "" : "|") + each.role + '|' + each.content;
  return out;
}

}  // namespace

TEST_CASE("each schema is recognised and read", "[io][sample_reader]") {
  struct example {
    schema kind;
    const char* raw;
    const char* expected;
  };
  const example e = GENERATE(values<example>({
      {schema::prompt_completion, R"({"prompt":"Q","completion":"A"})", "user|Q|assistant|A"},
      {schema::prompt_completion, R"({"prompt":"Q","response":"A","other":[1]})", "user|Q|assistant|A"},
      {schema::prompt_completion, R"({"prompt":"","completion":"A"})", "user||assistant|A"},
      {schema::prompt_completion,
       R"({"prompt":[{"role":"system","content":"S"},{"role":"user","content":"Q"}],"completion":[{"role":"assistant","content":"A"}]})",
       "system|S|user|Q|assistant|A"},
      {schema::messages,
       R"({"messages":[{"role":"developer","content":"S"},{"role":"user","content":[{"type":"text","text":"Q"},{"type":"text","text":"2"}]},{"role":"assistant","content":"A"}]})",
       "system|S|user|Q2|assistant|A"},
      {schema::messages,
       R"({"prompt":"x","completion":"y","messages":[{"role":"user","content":"Q"},{"role":"Assistant","content":"A"}]})",
       "user|Q|assistant|A"},
      {schema::sharegpt,
       R"({"conversations":[{"from":"human","value":"Q"},{"from":"gpt","value":"A"}],"system":"S"})",
       "system|S|user|Q|assistant|A"},
      {schema::sharegpt,
       R"({"conversations":[{"from":"human","value":"Q"},{"from":"function_call","value":"F"},{"from":"observation","value":"O"},{"from":"gpt","value":"A"}],"system":""})",
       "user|Q|assistant|F|tool|O|assistant|A"},
      {schema::sharegpt,
       R"({"conversation":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}]})",
       "user|Q|assistant|A"},
      {schema::alpaca, R"({"instruction":"I","input":"X","output":"A"})", "user|I\nX|assistant|A"},
      {schema::alpaca, R"({"instruction":"I","input":"","output":"A","system":"S"})",
       "system|S|user|I|assistant|A"},
      {schema::alpaca, R"({"instruction":"I","context":"X","response":"A"})", "user|I\nX|assistant|A"},
      {schema::alpaca, R"({"instruction":"I","output":"A","history":[["q","a"]]})",
       "user|q|assistant|a|user|I|assistant|A"},
      {schema::question_answer, R"({"question":"Q","answer":"A"})", "user|Q|assistant|A"},
      {schema::question_answer, R"({"question":"Q","answer":42})", "user|Q|assistant|42"},
      {schema::question_answer, R"({"question":"Q","answer":"42","generated_solution":"A"})",
       "user|Q|assistant|A"},
      {schema::question_answer, R"({"system_prompt":"S","question":"Q","response":"A"})",
       "system|S|user|Q|assistant|A"},
      {schema::problem_solution, R"({"problem":"Q","solution":"A","answer":"42"})", "user|Q|assistant|A"},
      {schema::problem_solution, R"({"problem":"Q","generated_solution":"A","expected_answer":"1"})",
       "user|Q|assistant|A"},
      {schema::query_response, R"({"query":"Q","response":"A","original_question":"O"})", "user|Q|assistant|A"},
      {schema::text, R"({"text":"T","prompt":null,"completion":null})", "text|T"},
  }));
  CAPTURE(e.raw);
  const recognised_sample found = read(e.raw);
  CHECK(found.kind == e.kind);
  CHECK(turns(e.raw) == e.expected);
  CHECK(turns(e.raw, {.format = e.kind}) == e.expected);
  CHECK(found.value.raw == e.raw);
  CHECK(found.value.line == 3);
  CHECK_FALSE(found.has_own_id);
}

TEST_CASE("inference labels are numbers or words", "[io][sample_reader]") {
  const auto answer = [](std::string_view label) {
    const std::string raw = R"({"premise":"P.","hypothesis":"H.","label":)" + std::string(label) + "}";
    return std::string(read(raw).value.completion());
  };
  CHECK(answer("0") == "entailment");
  CHECK(answer("1") == "neutral");
  CHECK(answer("2") == "contradiction");
  CHECK(answer("\"Contradiction\"") == "contradiction");
  CHECK_THROWS_WITH(
      answer("-1"),
      "d.jsonl:3: label: found number -1, expected 0, 1, 2, entailment, neutral or contradiction");
  CHECK_THROWS_AS(answer("3"), data_error);
  CHECK_THROWS_AS(answer("1.0"), data_error);
  CHECK_THROWS_AS(answer("\"maybe\""), data_error);
  const sample gold = read(R"({"premise":"P.","hypothesis":"H.","gold":"neutral"})").value;
  CHECK(gold.prompt() ==
        "Premise: P.\nHypothesis: H.\nDoes the premise entail the hypothesis? Answer entailment, neutral or "
        "contradiction.");
  CHECK(gold.completion() == "neutral");
}

TEST_CASE("turns given as a prompt carry no loss", "[io][sample_reader]") {
  const sample found =
      read(
          R"({"prompt":[{"role":"user","content":"q"},{"role":"assistant","content":"a"},{"role":"user","content":"Q"}],
                                "completion":[{"role":"assistant","content":"A"}]})")
          .value;
  CHECK(found.context_messages == 3);
  CHECK_FALSE(found.carries_loss(1));
  CHECK(found.completion() == "A");
}

TEST_CASE("fields are found where the map says", "[io][sample_reader]") {
  const auto mapped = [](std::string_view map) { return schema_options{.fields = parse_field_map(map)}; };
  const std::string_view raw =
      R"({"q":"Q","best":"A","sys":"S","talk":[{"from":"human","value":"h"},{"from":"gpt","value":"g"}],"doc":"T","key":7,"messages":[]})";
  CHECK(turns(raw, mapped("prompt=q,completion=best,system=sys")) == "system|S|user|Q|assistant|A");
  CHECK(turns(raw, mapped("messages=talk")) == "user|h|assistant|g");
  CHECK(turns(raw, mapped("text=doc")) == "text|T");
  CHECK(turns(raw, mapped("prompt=talk,completion=best")) == "user|h|assistant|g|assistant|A");
  const recognised_sample keyed = read(raw, mapped("text=doc,id=key"));
  CHECK(keyed.value.id == "7");
  CHECK(keyed.has_own_id);
  CHECK(keyed.kind == schema::mapped);
  CHECK_THROWS_WITH(read(raw, mapped("text=absent")), "d.jsonl:3: absent: found nothing, expected a value");
  CHECK_THROWS_AS(read(raw, mapped("text=doc,id=absent")), data_error);
}

TEST_CASE("ids are kept, or made from the content", "[io][sample_reader]") {
  const auto id = [](std::string_view field) {
    return read(R"({"text":"T")" + std::string(field) + "}").value.id;
  };
  CHECK(id(R"(,"id":"x-1")") == "x-1");
  CHECK(id(R"(,"id":12)") == "12");
  CHECK(id(R"(,"id":-5)") == "-5");
  CHECK(id(R"(,"uuid":"u")") == "u");
  CHECK(id(R"(,"_id":"m","id":null)") == "m");
  CHECK(id(R"(,"id":"","uuid":"u")") == "u");
  CHECK(id("") == content_hash("4:text1:T"));
  CHECK(id("") == id(R"(,"source":"elsewhere")"));
  CHECK_THROWS_WITH(id(R"(,"id":1.5)"),
                    Catch::Contains("id: found number 1.5, expected a string or an integer"));
  CHECK_THROWS_AS(id(R"(,"id":["a"])"), data_error);
  CHECK_THROWS_WITH(id(R"(,"id":"a\nb")"), Catch::Contains("control characters"));
}

TEST_CASE("records that cannot be used say why", "[io][sample_reader]") {
  const auto refused = [](std::string_view raw, std::string_view why, const schema_options& options = {}) {
    CAPTURE(raw);
    CHECK_THROWS_WITH(read(raw, options),
                      Catch::StartsWith("d.jsonl:3: ") && Catch::Contains(std::string(why)));
  };
  refused("[]", "found array, expected an object");
  refused("{}", "found no fields, expected one of: messages; conversations; premise");
  refused(R"({"b":1,"a":2})", "found fields \"a\", \"b\", expected one of:");
  refused(R"({"prompt":"Q"})", "found fields \"prompt\"");
  refused(R"({"question":"Q","answer":"A"})",
          "found fields \"answer\", \"question\", expected instruction + output", {.format = schema::alpaca});
  refused(R"({"prompt":"Q","completion":""})",
          "completion: found an empty text, expected a text to learn from");
  refused(R"({"prompt":"Q","completion":" \n"})", "completion: found an empty text");
  refused(R"({"text":""})", "text: found an empty text");
  refused(R"({"prompt":{},"completion":"A"})", "prompt: found object, expected a string");
  refused(R"({"text":5})", "text: found number 5, expected a string");
  refused(R"({"messages":"hi"})", "messages: found string \"hi\", expected an array of turns");
  refused(R"({"messages":[]})", "messages: found no turn of the assistant");
  refused(R"({"messages":[{"role":"user","content":"Q"}]})", "no turn of the assistant");
  refused(R"({"messages":["Q"]})", "messages[0]: found string \"Q\", expected an object");
  refused(R"({"messages":[{"content":"Q"}]})", "messages[0].from: found nothing");
  refused(R"({"messages":[{"role":"wizard","content":"Q"}]})", "messages[0].role: found \"wizard\"");
  refused(R"({"messages":[{"role":"user"}]})", "messages[0].content: found nothing");
  refused(R"({"messages":[{"role":"assistant","content":null,"tool_calls":[]}]})", "tool calls without a text");
  refused(R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})",
          "a part of type \"image_url\", expected text");
  refused(R"({"conversations":[{"from":"human","value":"Q"},{"from":"gpt","value":7}]})",
          "conversations[1].value: found number 7");
  refused(R"({"instruction":"I","output":"A","history":["q"]})", "history: found string \"q\"");
  refused(R"({"instruction":"I","output":"A","system":1})", "system: found number 1");
  refused("{\"text\":\"\xFF\"}", "invalid UTF-8");
  refused(R"({"text":"T","text":"T"})", "twice");
  refused(R"({"text":"T")", "syntax error");
}
