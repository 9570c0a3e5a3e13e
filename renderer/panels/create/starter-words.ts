/**
 * What the built-in model was shown in training, in the words it was told; what it saw most comes first.
 * Written by resources/models/starter/training/words.py.
 */
const THINGS = `
  monkey, dog, puppy, fox, cat, kitten, lion, tiger, horse, unicorn, cow, pig, giraffe, elephant, rabbit, bunny,
  bear, koala, panda, penguin, duck, owl, frog, turtle, tortoise, dragon, rose, sunflower, tulip, pine tree,
  evergreen tree, tree, oak tree, palm tree, cactus, mushroom, toadstool, house, home, castle, tent, camping tent,
  snowy mountain, mountain, volcano, train, bus, car, automobile, tractor, racing car, race car, bicycle, bike,
  snowman, robot, ghost, jack-o-lantern, halloween pumpkin, teddy bear, toy bear, santa claus, santa, wizard,
  mage, astronaut, princess, fire, campfire, bird, songbird, butterfly, airplane, plane, rocket, spaceship,
  balloon, sun, crescent moon, moon, star, cloud, rainbow, whale, dolphin, fish, tropical fish, clownfish,
  octopus, sailboat, sailing boat, watermelon, banana, red apple, apple, strawberry, carrot, hamburger, burger,
  pizza, slice of pizza, ice cream, bowl of ice cream, donut, doughnut, birthday cake, cake, coffee, cup of
  coffee, cup of tea, happy face, smiling face, smiley, heart, red heart, soccer ball, football, crown, umbrella,
  guitar
`
const SETTINGS = `
  sunny day, blue sky, daytime, clear sky, sunset, orange sky, at sunset, sunset sky, night, starry night, at
  night, night sky, cloudy sky, cloudy day, grey sky, overcast, grass, green grass, on the grass, meadow, sand, on
  the beach, sandy ground, desert, snow, snowy ground, in the snow, winter, sea, on the water, ocean, at sea,
  hills, green hills, in the hills, countryside, on a red background, on an orange background, on a yellow
  background, on a green background, on a blue background, on a light blue background, on a dark blue background,
  on a purple background, on a pink background, on a white background, on a black background, on a grey
  background, on a brown background, on a teal background, on a cream background, on the left, on the right, to
  the left of, to the right of, next to, above, below, over, under, red, orange, yellow, green, blue, purple,
  pink, brown, white, black, grey, light blue, dark blue, teal, cream, flat style, glossy style
`
const REST = `
  gorilla, poodle, wolf, raccoon, black cat, leopard, donkey, zebra, deer, ram, sheep, ewe, goat, camel,
  rhinoceros, rhino, hippopotamus, hippo, mouse, squirrel, chipmunk, beaver, hedgehog, polar bear, kangaroo,
  llama, otter, turkey, chicken, hen, rooster, hatching chick, chick, baby chick, swan, flamingo, peacock, parrot,
  goose, crocodile, lizard, snake, tyrannosaurus, t-rex, snail, ant, ladybug, ladybird, spider, scorpion, dog
  face, cat face, flower, cherry blossom, bouquet, bunch of flowers, seedling, sprout, potted plant, plant,
  christmas tree, four leaf clover, house with garden, cottage, hospital, school, church, chapel, fountain, circus
  tent, ferris wheel, roller coaster, carousel, mount fuji, island, desert island, steam train, locomotive, tram,
  school bus, ambulance, fire truck, fire engine, police car, taxi, cab, suv, jeep, pickup truck, truck, delivery
  truck, motorcycle, motorbike, scooter, moped, skateboard, traffic light, stop sign, alien, fairy, mermaid, baby,
  boy, girl, man, woman, firefighter, police officer, policeman, farmer, chef, cook, ninja, superhero, treasure
  chest, gift, present, chess pawn, chair, door, bathtub, toilet, sofa, couch, bed, mailbox, postbox, eagle, dove,
  bat, bee, honeybee, helicopter, ufo, flying saucer, kite, full moon, planet, saturn, rain cloud, storm cloud,
  thundercloud, sun behind a cloud, tornado, snowflake, lightning bolt, lightning, fireworks, earth, globe, water
  drop, raindrop, spouting whale, shark, jellyfish, crab, lobster, seal, cruise ship, ship, ocean liner, anchor,
  grapes, melon, tangerine, lemon, lime, pineapple, mango, green apple, pear, peach, cherries, cherry,
  blueberries, kiwi, tomato, avocado, eggplant, aubergine, potato, corn, chili pepper, hot pepper, bell pepper,
  pepper, cucumber, broccoli, garlic, onion, bread, loaf of bread, croissant, baguette, pancakes, waffle, cheese,
  meat, bacon, french fries, fries, hot dog, sandwich, taco, burrito, egg, fried egg, popcorn, rice ball, ramen,
  noodles, spaghetti, pasta, sushi, soft ice cream, cookie, slice of cake, shortcake, cupcake, pie, chocolate,
  candy, sweet, lollipop, honey, pot of honey, milk, glass of milk, teapot, wine, glass of wine, beer, mug of
  beer, soda, bubble tea, spoon, knife, smile, winking face, face with heart eyes, love face, sad face, crying
  face, angry face, sleeping face, sleepy face, cool face, face with sunglasses, nerd face, cowboy, party face,
  laughing face, surprised face, scared face, thinking face, skull, clown, poop, space invader, devil, angel, blue
  heart, green heart, yellow heart, purple heart, broken heart, feather, compass, maple leaf, autumn leaf, leaf,
  green leaf, rock, stone, log, wood, baseball, basketball, volleyball, american football, tennis ball, tennis,
  crystal ball, magic wand, game controller, video game, trophy, cup, palette, paint palette, painting, picture,
  glasses, sunglasses, tie, t-shirt, shirt, jeans, trousers, scarf, gloves, coat, socks, dress, purse, backpack,
  shoe, sneaker, running shoe, high heeled shoe, top hat, graduation cap, cap, baseball cap, lipstick, ring,
  diamond, gem, bell, megaphone, musical note, microphone, headphones, saxophone, trumpet, piano, violin, drum,
  phone, mobile phone, telephone, battery, laptop, computer, keyboard, movie camera, television, tv, camera,
  magnifying glass, candle, light bulb, lightbulb, lantern, paper lantern, book, red book, open book, books, stack
  of books, coin, gold coin, money bag, envelope, letter, box, package, pencil, pen, scissors, trash can, lock,
  padlock, key, hammer, axe, dagger, sword, crossed swords, bomb, bow and arrow, bow, shield, wrench, screwdriver,
  gear, cog, magnet, ladder, microscope, telescope, pill, window, broom, basket, bucket, toothbrush, hourglass,
  alarm clock, watch, wristwatch, suitcase, luggage, bone, brain, eye
`

/** The built-in model's words and phrases, the likeliest first. */
export const STARTER_WORDS: readonly string[] = `${THINGS},${SETTINGS},${REST}`
  .split(',')
  .map((word) => word.trim().replace(/\s+/g, ' '))
