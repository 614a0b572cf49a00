/// The prompts that are used where nobody names a file: examples/prompts/, byte for byte; a test compares them.
#pragma once

#include <prismatic/core/types.hpp>

#include <array>
#include <string_view>

namespace prismatic {

struct named_prompts {
  std::string_view name;
  std::string_view text;
};

inline constexpr std::array<named_prompts, 3> default_prompts{{
    {"mathematics",
     R"~(# Prompts for word problems and other mathematics with a final answer to vote on: the default of
# `prismatic synthesize --generator http...`. Copy this file, edit it, and name it with --prompts.
#
# A line [system], [write], [example] or [solve] begins a part; lines before the first part that begin with #
# are comments. [system] may be left out.
#   [write]    asks for a new problem; {{examples}} stands for all examples, each written as [example] says
#   [example]  {{question}} and {{solution}} stand for those of a sample of the pool
#   [solve]    {{question}} stands for the problem to solve
# What comes back must hold lines that begin with "Problem:" and "Solution:" (Topic: is welcome), and solutions
# must say "The answer is ...", "\boxed{...}" or "#### ..."; bold labels, headings and code fences do not matter.

task: mathematics

[write]
Here are problems with their solutions.

{{examples}}

Write one new problem of the same kind and difficulty, with another story and other numbers, and its solution. Use exactly this form: a line that begins with "Problem:", then a line that begins with "Solution:". Solve it step by step and end with "The answer is N."

[example]
Problem: {{question}}
Solution: {{solution}}

[solve]
{{question}}

Solve it step by step and end with "The answer is N."
)~"},
    {"inference",
     R"~(# Prompts for natural-language inference: a premise, a hypothesis, and a label to vote on. The parts and the places
# in {{braces}} are explained in mathematics.txt. {{question}} of an example or a problem holds premise and
# hypothesis and asks for the label; {{solution}} is the label.
# What comes back from [write] must hold lines that begin with "Premise:" and "Hypothesis:" (Label: is welcome); from
# [solve], one of the three labels.

task: inference

[write]
Here are pairs of a premise and a hypothesis, each with its label: entailment when the premise makes the hypothesis true, contradiction when it makes it false, neutral when it does neither.

{{examples}}

Write one new pair of another topic, and its label. Use exactly this form: a line that begins with "Premise:", a line that begins with "Hypothesis:", and a line that begins with "Label:".

[example]
{{question}}
Label: {{solution}}

[solve]
{{question}} Answer with one word.
)~"},
    {"instructions",
     R"~(# Prompts for free-form instructions: there is no answer to vote on, so any whole response is taken, and one attempt
# is enough (--attempts 1). The parts and the places in {{braces}} are explained in mathematics.txt.
# What comes back from [write] must hold a line that begins with "Instruction:".

task: instructions

[write]
Here are instructions that people give an assistant, with good responses.

{{examples}}

Write one new instruction of another kind, that can be answered in text alone. Use exactly this form: one line or more that begin with "Instruction:", and nothing after the instruction.

[example]
Instruction: {{question}}
Response: {{solution}}

[solve]
{{question}}
)~"},
}};

}  // namespace prismatic
