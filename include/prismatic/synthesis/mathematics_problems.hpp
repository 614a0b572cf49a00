/// Word problems with a mathematical theme: geometry, equations, counting, chance, numbers. Data only; see
/// grammar.hpp.
#pragma once

#include <prismatic/synthesis/grammar.hpp>

namespace prismatic {

inline constexpr word_problem_form mathematics_problems[] = {
    {"area", "l=12..30 w=8..20 a=2..6 b=2..5 c=3..12 x=l*w y=a*b z=x-y t=z*c",
     "A rectangular {garden|yard|playground} is {l} m long and {w} m wide. A {pond|shed|sandpit} of {a} m by "
     "{b} m takes up part of it. The rest is covered with lawn at ${c} a square metre. How many dollars does "
     "the lawn cost?",
     "The whole area is {l} * {w} = {x} square metres.\n"
     "The part taken up is {a} * {b} = {y} square metres.\n"
     "The lawn covers {x} - {y} = {z} square metres.\n"
     "It costs {z} * {c} = {t} dollars.",
     "{t}"},
    {"area", "l=15..40 w=8..14 g=2..5 p=6..20 x=l+w y=2*x z=y-g t=z*p",
     "{@name} fences a rectangular {paddock|field|orchard} of {l} m by {w} m and leaves a gate of {g} m open. "
     "The fence costs ${p} a metre. What does the fence cost in dollars?",
     "Length and width are {l} + {w} = {x} m.\n"
     "The perimeter is 2 * {x} = {y} m.\n"
     "The fence is {y} - {g} = {z} m long.\n"
     "It costs {z} * {p} = {t} dollars.",
     "{t}"},
    {"area", "l=8..15 h=3..5 n=2..4 a=1..2 b=1..2 c=2..3 x=l*h y=n*a*b z=x-y t=z*c",
     "A wall {l} m long and {h} m high has {n} windows of {a} m by {b} m. {@name} gives it {c} coats of "
     "{@color} paint, leaving out the windows. How many square metres does {@he} paint, {counting every "
     "coat|all coats counted}?",
     "The wall measures {l} * {h} = {x} square metres.\n"
     "The windows measure {n} * {a} * {b} = {y} square metres.\n"
     "To be painted are {x} - {y} = {z} square metres.\n"
     "With all coats that is {z} * {c} = {t} square metres.",
     "{t}"},
    {"equations", "x=2..20 b=3..15 a=2..6 c=1..9 y=x+b z=y*a r=z-c u=r+c",
     "{@name} thinks of a number. {@He} adds {b}, multiplies the sum by {a} and takes away {c}. The result is "
     "{r}. What was the number?",
     "Before the last step there was {r} + {c} = {u}.\n"
     "Before the multiplication there was {u} / {a} = {y}.\n"
     "The number was {y} - {b} = {x}.",
     "{x}"},
    {"equations", "x=2..15 c=2..5 k=2..6 a=c+k b=1..12 y=k*x d=y+b m=2..5 n=1..9 z=m*x t=z+n",
     "The number x {satisfies|solves|is the solution of} the equation {a}x + {b} = {c}x + {d}. What is the "
     "value of {m}x + {n}?",
     "Taking {c}x and {b} from both sides leaves {k}x on the left and {d} - {b} = {y} on the right.\n"
     "So x is {y} / {k} = {x}.\n"
     "Multiplied, {m} * {x} = {z}.\n"
     "The value asked for is {z} + {n} = {t}.",
     "{t}"},
    {"equations", "c=4..12 d=3..9 a=2..6 b=2..8 e=c+d x=a*d n=a+b y=n*c s=x+y",
     "An adult ticket to the {museum|zoo|circus} costs ${d} more than a child ticket. {@name} pays ${s} for "
     "{a} adults and {b} children. How many dollars does a child ticket cost?",
     "The adults pay {a} * {d} = {x} dollars extra.\n"
     "Without this the bill is {s} - {x} = {y} dollars.\n"
     "It buys {a} + {b} = {n} child tickets.\n"
     "One costs {y} / {n} = {c} dollars.",
     "{c}"},
    {"sequences", "a=8..20 d=2..5 n=6..14 k=n-1 x=k*d l=a+x y=a+l t=n*y/2",
     "A {theatre|stadium|cinema} has {n} rows of seats. The first row has {a} seats, and every row has {d} "
     "seats more than the row in front of it. How many seats are there {altogether|in all}?",
     "The last row has {k} * {d} = {x} seats more than the first.\n"
     "So it has {a} + {x} = {l} seats.\n"
     "First and last row have {a} + {l} = {y} seats.\n"
     "All rows have {n} * {y} / 2 = {t} seats.",
     "{t}"},
    {"sequences", "a=2..15 d=3..12 n=12..40 k=n-1 x=k*d t=a+x",
     "A sequence {begins|starts} {a}, {a+d}, {a+2*d}, {a+3*d} and goes on in the same way. What is its term "
     "number {n}?",
     "From term to term the sequence grows by {a+d} - {a} = {d}.\n"
     "Up to term {n} there are {n} - 1 = {k} steps.\n"
     "They add {k} * {d} = {x}.\n"
     "The term is {a} + {x} = {t}.",
     "{t}"},
    {"sequences", "a=3..12 h=2..6 m=3..6 n=h*m k=5..20 p=pow(2,m) x=a*p t=x-k",
     "A {colony|culture|sample} of {a} {cells|yeast cells|bacteria} doubles every {h} hours. After {n} hours "
     "{k} of them are taken out. How many are left?",
     "The number doubles {n} / {h} = {m} times.\n"
     "It grows by the factor {p}, so there are {a} * {p} = {x}.\n"
     "Left are {x} - {k} = {t}.",
     "{t}"},
    {"remainders", "k=6..15 q=5..20 r=1..k-1 x=k*q n=x+r t=k-r",
     "{@name} packs {n} {@item} into {@container} of {k} and starts another one for those left over. How many "
     "more {@item} would fill {that last one|the last one} completely?",
     "{q} of the {@container} take {q} * {k} = {x} {@item}.\n"
     "Left over are {n} - {x} = {r}.\n"
     "To fill the last one {k} - {r} = {t} more are needed.",
     "{t}"},
    {"remainders", "a=4|6|8|9|10 b=12|14|15|18 g=gcd(a,b) l=lcm(a,b) h=3..12 s=60*h t=floor(s/l) x=t*l y=x+l",
     "One {lighthouse|beacon|warning light} flashes every {a} seconds and another every {b} seconds. They "
     "have just flashed together. How many more times do they flash together in the next {h} minutes?",
     "They flash together every {a} * {b} / {g} = {l} seconds.\n"
     "The time is {h} * 60 = {s} seconds.\n"
     "Up to then it happens {t} times, since {t} * {l} = {x} while {x} + {l} = {y} is too late.",
     "{t}"},
    {"remainders", "a=5..9 b=a+1..14 r=1..a-1 g=gcd(a,b) l=lcm(a,b) t=l+r",
     "What is the smallest whole number greater than {r} that leaves the remainder {r} when it is divided by "
     "{a} and also when it is {divided|shared out} by {b}?",
     "Without the remainder the number is a multiple of both {a} and {b}.\n"
     "Their least common multiple is {a} * {b} / {g} = {l}.\n"
     "The number is {l} + {r} = {t}.",
     "{t}"},
    {"probability", "a=2..9 b=2..9 c=2..9 x=b+c n=a+x t=x/n",
     "A {bag|box|drawer} holds {a} {@color}, {b} {@color2} and {c} {@color3} {socks|balls|buttons}. One is "
     "taken without looking. What is the probability that it is not {@color}?",
     "Not {@color} are {b} + {c} = {x}.\n"
     "In all there are {a} + {x} = {n}.\n"
     "The probability is {x} / {n} = {t:/}.",
     "{t:/}"},
    {"probability", "a=3..8 b=3..8 n=a+b x=a*(a-1) y=n*(n-1) t=x/y",
     "{@name} draws two {tickets|cards|tokens} one after the other, without putting the first back, from {a} "
     "{@color} and {b} {@color2} ones. What is the probability that both are {@color}?",
     "At first {a} of {a} + {b} = {n} are {@color}.\n"
     "There are {n} * {n-1} = {y} ordered ways to draw two.\n"
     "Both are {@color} in {a} * {a-1} = {x} of them.\n"
     "The probability is {x} / {y} = {t:/}.",
     "{t:/}"},
    {"probability", "n=5..12 k=2..n-1 m=n-k x=m*m y=n*n t=x/y",
     "A wheel of fortune has {n} equal sectors numbered from 1 to {n}. {@name} spins it twice. What is the "
     "probability that both numbers are {greater|larger} than {k}?",
     "Each spin succeeds in {n} - {k} = {m} sectors.\n"
     "Both spins succeed in {m} * {m} = {x} ways.\n"
     "There are {n} * {n} = {y} ways in all.\n"
     "The probability is {x} / {y} = {t:/}.",
     "{t:/}"},
    {"counting", "a=3..7 b=2..6 c=2..5 x=a*b*c t=x-b",
     "{@name} has {a} shirts, {b} pairs of trousers and {c} hats. {@He} never wears the {@color} shirt with "
     "the {@color2} hat. In how many ways can {@he} combine a shirt, trousers and a hat?",
     "Without the rule there are {a} * {b} * {c} = {x} ways.\n"
     "The rule forbids one shirt with one hat, with any of {b} trousers.\n"
     "That leaves {x} - {b} = {t} ways.",
     "{t}"},
    {"counting", "n=4..9 m=4..8 x=choose(n,2) y=choose(m,2) t=x*y",
     "A committee of two {teachers|coaches|players} and two {parents|referees|helpers} is to be chosen from "
     "{n} of the former and {m} of the latter. How many different committees are possible?",
     "The first two can be chosen in {n} * {n-1} / 2 = {x} ways.\n"
     "The others can be chosen in {m} * {m-1} / 2 = {y} ways.\n"
     "Together there are {x} * {y} = {t} committees.",
     "{t}"},
    {"counting", "k=4..9 d=5..10 x=k*(k-1)*(k-2) t=x*d",
     "The code of a {bicycle lock|locker|safe} has three different letters out of the first {k} of the "
     "alphabet, followed by one of {d} digits. How many codes are there?",
     "The letters can be chosen in order in {k} * {k-1} * {k-2} = {x} ways.\n"
     "With a digit there are {x} * {d} = {t} codes.",
     "{t}"},
    {"counting", "c=4..25 n=2*c p=choose(n,2) t=p-c",
     "{c} couples meet at a {dinner|wedding|reunion}. Everyone shakes hands with everyone else except their "
     "own partner. How many handshakes are there?",
     "There are 2 * {c} = {n} people.\n"
     "They form {n} * {n-1} / 2 = {p} pairs.\n"
     "Without the couples there are {p} - {c} = {t} handshakes.",
     "{t}"},
    {"volume", "a=4..9 b=3..6 c=3..5 l=10*a w=10*b h=10*c x=a*b*c k=5..20 t=x-k",
     "An aquarium is {l} cm long, {w} cm wide and {h} cm high. {@name} fills it to the brim and then "
     "{scoops|lets} out {k} litres. How many litres of water are left in it? A litre is 1000 cubic "
     "centimetres.",
     "The aquarium holds {l} * {w} * {h} = {1000*x} cubic centimetres.\n"
     "That is {1000*x} / 1000 = {x} litres.\n"
     "Left are {x} - {k} = {t} litres.",
     "{t}"},
    {"volume", "s=2..6 i=3..9 j=2..7 k=2..6 a=s*i b=s*j c=s*k x=i*j t=x*k",
     "How many cubes with edges of {s} cm fit exactly into a {wooden|cardboard|metal} box that measures {a} "
     "cm by {b} cm by {c} cm inside?",
     "Along the edges there is room for {a} / {s} = {i}, {b} / {s} = {j} and {c} / {s} = {k} cubes.\n"
     "One layer has {i} * {j} = {x} cubes.\n"
     "In all there are {x} * {k} = {t} cubes.",
     "{t}"},
    {"volume", "l=6..20 w=4..9 d=2..3 x=l*w v=x*d r=w t=v/r",
     "A {swimming pool|basin|cistern} is {l} m long, {w} m wide and {d} m deep. A pipe brings {r} cubic "
     "metres of water an hour. How many hours does it take to fill?",
     "The surface is {l} * {w} = {x} square metres.\n"
     "The volume is {x} * {d} = {v} cubic metres.\n"
     "Filling takes {v} / {r} = {t} hours.",
     "{t}"},
    {"overlap", "a=12..30 b=10..28 c=3..9 t=2..9 x=a+b y=x-c n=y+t",
     "Of {n} pupils, {a} are in the {@club} club and {b} in the {@club2} club; {c} are in both. How many are "
     "in {neither|none of the two}?",
     "The clubs have {a} + {b} = {x} names on their lists.\n"
     "Without counting anyone twice that is {x} - {c} = {y} pupils.\n"
     "In neither are {n} - {y} = {t}.",
     "{t}"},
    {"overlap", "a=25..60 b=20..55 c=5..18 x=a-c y=b-c t=x+y",
     "At a {street fair|book club|school} {a} people speak Spanish, {b} speak Arabic, and {c} of them speak "
     "both. How many speak exactly one of the two languages?",
     "Only Spanish is spoken by {a} - {c} = {x} people.\n"
     "Only Arabic is spoken by {b} - {c} = {y} people.\n"
     "Exactly one is spoken by {x} + {y} = {t} people.",
     "{t}"},
    {"overlap", "k=2..9 n=100*k a=50..80 b=45..70 c=6..15 d=100-c e=a+b f=e-d t=f*k",
     "In a survey of {n} people {a}% like {@drink}, {b}% like {@drink2}, and {c}% like neither. How many of "
     "the people like both?",
     "At least one is liked by 100 - {c} = {d} percent.\n"
     "The two shares add up to {a} + {b} = {e} percent.\n"
     "So {e} - {d} = {f} percent like both.\n"
     "That is {n} * {f} / 100 = {t} people.",
     "{t}"},
    {"digits", "u=1..4 d=1..5 x=u+d s=x+u e=s-d t=10*x+u m=2..7 z=m*t",
     "The digits of a two-digit number add up to {s}, and the tens digit is greater than the units digit by "
     "{d}. What is {m} times {the|that|this} number?",
     "Twice the units digit is {s} - {d} = {e}.\n"
     "The units digit is {e} / 2 = {u}.\n"
     "The tens digit is {u} + {d} = {x}.\n"
     "The number is 10 * {x} + {u} = {t}.\n"
     "Multiplied it is {m} * {t} = {z}.",
     "{z}"},
    {"digits", "a=4..9 b=0..9 c=1..a-1 x=100*a+10*b+c y=100*c+10*b+a t=x-y m=2..5 z=m*t",
     "{@name} writes a number with the digits {a}, {b} and {c} in this order, writes it again with the digits "
     "reversed and subtracts. What is {m} times the difference?",
     "The number is 100 * {a} + 10 * {b} + {c} = {x}.\n"
     "Reversed it is 100 * {c} + 10 * {b} + {a} = {y}.\n"
     "The difference is {x} - {y} = {t}.\n"
     "Multiplied it is {m} * {t} = {z}.",
     "{z}"},
    {"digits", "n=25..99 x=n-9 y=2*x t=y+9 m=2..6 z=t*m",
     "The pages of a {notebook|brochure|diary} are numbered from 1 to {n}. How many digits are printed in {m} "
     "copies of it?",
     "Pages 1 to 9 have 9 digits.\n"
     "The other {n} - 9 = {x} pages have 2 * {x} = {y} digits.\n"
     "One copy has {y} + 9 = {t} digits.\n"
     "All copies have {t} * {m} = {z} digits.",
     "{z}"},
    {"grids", "a=2..6 b=2..4 n=a+b t=choose(n,b)",
     "The streets of {@city} form a grid. {@name} lives {a} blocks west and {b} blocks south of the {@place} "
     "and only ever walks east or north. How many different routes can {@he} take?",
     "Every route has {a} + {b} = {n} blocks.\n"
     "It is fixed by choosing which {b} of the {n} blocks go north.\n"
     "The number of choices is {n} over {b}, which is {t}.",
     "{t}"},
    {"grids", "a=1..4 b=1..3 c=1..4 d=1..3 n=a+b m=c+d x=choose(n,a) y=choose(m,c) t=x*y",
     "A {robot|beetle|toy car} moves on a grid, one step right or one step up at a time. It must pass a point "
     "{a} to the right and {b} up from its start, and its goal is {c} to the right and {d} up from that "
     "point. How many paths are there?",
     "The first part has {a} + {b} = {n} steps and {x} paths.\n"
     "The second part has {c} + {d} = {m} steps and {y} paths.\n"
     "Together there are {x} * {y} = {t} paths.",
     "{t}"},
    {"grids", "a=5..14 b=4..12 i=a-2 j=b-2 x=a*b y=i*j t=x-y c=2..5 z=t*c",
     "A {patio|hall|courtyard} is laid with {a} by {b} square tiles. The tiles on the border are {@color} and "
     "cost ${c} each. How many dollars do the border tiles cost?",
     "There are {a} * {b} = {x} tiles.\n"
     "Inside the border are {i} * {j} = {y} tiles.\n"
     "The border has {x} - {y} = {t} tiles.\n"
     "They cost {t} * {c} = {z} dollars.",
     "{z}"},
};

}  // namespace prismatic
