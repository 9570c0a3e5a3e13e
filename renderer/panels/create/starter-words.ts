/** What the built-in model was shown in training, in the words it was told; what it saw most comes first. */
const THINGS = `
  monkey, dog, puppy, fox, cat, kitten, lion, tiger, horse, unicorn, cow, pig, giraffe, elephant, rabbit, bunny,
  bear, koala, panda, penguin, duck, owl, frog, turtle, tortoise, dragon, rose, sunflower, tulip, pine tree,
  evergreen tree, tree, oak tree, palm tree, cactus, mushroom, toadstool, house, home, castle, tent, camping
  tent, snowy mountain, mountain, volcano, train, bus, car, automobile, tractor, racing car, race car, bicycle,
  bike, snowman, robot, ghost, jack-o-lantern, halloween pumpkin, teddy bear, toy bear, santa claus, santa,
  wizard, mage, astronaut, princess, fire, campfire, bird, songbird, butterfly, airplane, plane, rocket,
  spaceship, balloon, sun, crescent moon, moon, star, cloud, rainbow, whale, dolphin, fish, tropical fish,
  clownfish, octopus, sailboat, sailing boat, watermelon, banana, red apple, apple, strawberry, carrot,
  hamburger, burger, pizza, slice of pizza, ice cream, bowl of ice cream, donut, doughnut, birthday cake, cake,
  coffee, cup of coffee, cup of tea, happy face, smiling face, smiley, heart, red heart, soccer ball, football,
  crown, umbrella, guitar
`
const SETTINGS = `
  sunny day, blue sky, clear sky, sunset, sunset sky, at sunset, night, starry night, at night, night sky,
  cloudy sky, cloudy day, overcast, grass, on the grass, meadow, sand, on the beach, desert, snow, in the snow,
  winter, sea, on the water, ocean, at sea, green hills, in the hills, countryside, on a white background, on a
  blue background, on a light blue background, on a dark blue background, on a green background, on a yellow
  background, on a red background, on a pink background, on a purple background, on a orange background, on a
  grey background, on a black background, on a teal background, on a cream background, on the left, on the
  right, to the left of, to the right of, next to, above, below, over, under, red, orange, yellow, green, blue,
  purple, pink, brown, white, black, grey, light blue, dark blue, teal, cream, flat style, glossy style
`
const REST = `
  gorilla, poodle, wolf, raccoon, black cat, leopard, donkey, zebra, deer, ram, sheep, goat, camel, rhinoceros,
  hippopotamus, mouse, squirrel, beaver, hedgehog, polar bear, kangaroo, llama, otter, turkey, chicken, rooster,
  hatching chick, chick, swan, flamingo, peacock, parrot, goose, crocodile, lizard, snake, tyrannosaurus, snail,
  ant, ladybug, spider, scorpion, dog face, cat face, flower, bouquet, seedling, potted plant, christmas tree,
  four leaf clover, house with garden, hospital, school, church, chapel, fountain, circus tent, ferris wheel,
  roller coaster, carousel, mount fuji, island, steam train, tram, school bus, ambulance, fire truck, police
  car, taxi, suv, pickup truck, truck, motorcycle, scooter, skateboard, traffic light, stop sign, alien, fairy,
  mermaid, baby, boy, girl, man, woman, firefighter, police officer, farmer, chef, ninja, superhero, treasure
  chest, gift, chess pawn, chair, door, bathtub, toilet, sofa, bed, mailbox, eagle, dove, bat, bee, helicopter,
  ufo, kite, full moon, planet, rain cloud, storm cloud, sun behind a cloud, tornado, snowflake, lightning bolt,
  fireworks, earth, water drop, spouting whale, shark, jellyfish, crab, lobster, seal, cruise ship, ship,
  anchor, grapes, melon, lemon, lime, pineapple, mango, green apple, pear, peach, cherries, blueberries,
  kiwi, tomato, avocado, eggplant, potato, corn, chili pepper, bell pepper, cucumber, broccoli, garlic, onion,
  bread, croissant, baguette, pancakes, waffle, cheese, meat, bacon, french fries, hot dog, sandwich, taco,
  burrito, egg, fried egg, popcorn, rice ball, ramen, spaghetti, sushi, soft ice cream, cookie, slice of cake,
  cupcake, pie, chocolate, candy, lollipop, honey, milk, teapot, wine, beer, soda, bubble tea, spoon, knife,
  smile, winking face, face with heart eyes, sad face, angry face, sleeping face, cool face, nerd face, cowboy,
  party face, laughing face, surprised face, scared face, thinking face, skull, clown, poop, space invader,
  devil, angel, blue heart, green heart, yellow heart, purple heart, broken heart, feather, compass, maple leaf,
  leaf, rock, log, baseball, basketball, volleyball, american football, tennis ball, crystal ball, magic wand,
  game controller, trophy, palette, painting, glasses, sunglasses, tie, t-shirt, jeans, scarf, gloves, coat,
  socks, dress, purse, backpack, shoe, sneaker, high heeled shoe, top hat, graduation cap, cap, lipstick, ring,
  diamond, bell, megaphone, musical note, microphone, headphones, saxophone, trumpet, piano, violin, drum,
  phone, telephone, battery, laptop, computer, keyboard, movie camera, television, camera, magnifying glass,
  candle, light bulb, lantern, book, open book, books, coin, money bag, envelope, box, pencil, pen, scissors,
  trash can, lock, key, hammer, axe, dagger, crossed swords, bomb, bow and arrow, shield, wrench, screwdriver,
  gear, magnet, ladder, microscope, telescope, pill, window, broom, basket, bucket, toothbrush, hourglass, alarm
  clock, watch, suitcase, bone, brain, eye
`

/** The built-in model's words and phrases, the likeliest first. */
export const STARTER_WORDS: readonly string[] = `${THINGS},${SETTINGS},${REST}`.split(',').map((word) => word.trim())
